#include <benchmark/benchmark.h>

#include "ops/caching_allocator.h"

int main(int argc, char** argv) {
  sdw::ops::install_caching_allocator();  // as the program does
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

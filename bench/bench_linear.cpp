// Matrix products of Stable Diffusion 1.5's UNet with guidance at 512x512: our kernel against ATen's, in one
// run. Arguments: rows, depth, columns. Counter: multiply-adds counted as two a second.
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "ops/linear.h"

namespace {

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({8192, 320, 320})->Args({8192, 320, 2560})->Args({8192, 1280, 320});
  benchmark->Args({2048, 640, 640})->Args({2048, 640, 5120})->Args({2048, 2560, 640});
  benchmark->Args({512, 1280, 1280})
      ->Args({512, 1280, 10240})
      ->Args({512, 5120, 1280})
      ->Args({154, 768, 320});
  benchmark->UseRealTime()->Unit(benchmark::kMillisecond);
}

void count_work(benchmark::State& state) {
  const double flops = 2.0 * state.range(0) * state.range(1) * state.range(2);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

void ours(benchmark::State& state, sdw::ops::Precision precision, at::ScalarType stored) {
  const c10::InferenceMode inference;
  const auto input = at::randn({state.range(0), state.range(1)});
  const auto weight = sdw::ops::prepare_linear(at::randn({state.range(2), state.range(1)}).to(stored),
                                               at::randn({state.range(2)}), {.precision = precision});
  for (auto _ : state) benchmark::DoNotOptimize(sdw::ops::linear(input, weight));
  count_work(state);
}
BENCHMARK_CAPTURE(ours, exact, sdw::ops::Precision::exact, at::kHalf)->Apply(shapes);
BENCHMARK_CAPTURE(ours, exact_f32, sdw::ops::Precision::exact, at::kFloat)->Apply(shapes);
BENCHMARK_CAPTURE(ours, fast, sdw::ops::Precision::fast, at::kHalf)->Apply(shapes);
BENCHMARK_CAPTURE(ours, int8, sdw::ops::Precision::int8, at::kHalf)->Apply(shapes);

void aten(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto input = at::randn({state.range(0), state.range(1)});
  const auto weight = at::randn({state.range(2), state.range(1)}), bias = at::randn({state.range(2)});
  for (auto _ : state) benchmark::DoNotOptimize(at::linear(input, weight, bias));
  count_work(state);
}
BENCHMARK(aten)->Apply(shapes);

}  // namespace

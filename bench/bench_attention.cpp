// Attention of Stable Diffusion 1.5's UNet with guidance at 512x512: our kernel against ATen's, in one run.
// Arguments: queries, keys, head size; of 8 heads. Counter: multiply-adds counted as two a second.
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "ops/attention.h"

namespace {

constexpr int kHeads = 8;

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({4096, 4096, 40})->Args({1024, 1024, 80})->Args({256, 256, 160})->Args({4096, 77, 40});
  benchmark->UseRealTime()->Unit(benchmark::kMillisecond);
}

void count_work(benchmark::State& state) {
  const double flops = 2.0 * 2 * 2 * kHeads * state.range(0) * state.range(1) * state.range(2);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

at::Tensor tokens(std::int64_t count, std::int64_t head_dim) {
  return at::randn({2, count, kHeads * head_dim});
}

void ours(benchmark::State& state, sdw::ops::Precision precision) {
  const c10::InferenceMode inference;
  const auto query = tokens(state.range(0), state.range(2)), key = tokens(state.range(1), state.range(2)),
             value = tokens(state.range(1), state.range(2));
  for (auto _ : state)
    benchmark::DoNotOptimize(sdw::ops::attention(query, key, value, kHeads, precision, false));
  count_work(state);
}
BENCHMARK_CAPTURE(ours, exact, sdw::ops::Precision::exact)->Apply(shapes);
BENCHMARK_CAPTURE(ours, fast, sdw::ops::Precision::fast)->Apply(shapes);
BENCHMARK_CAPTURE(ours, int8, sdw::ops::Precision::int8)->Apply(shapes);

void aten(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto heads = [&](std::int64_t count) { return at::randn({2, kHeads, count, state.range(2)}); };
  const auto query = heads(state.range(0)), key = heads(state.range(1)), value = heads(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(at::scaled_dot_product_attention(query, key, value));
  count_work(state);
}
BENCHMARK(aten)->Apply(shapes);

}  // namespace

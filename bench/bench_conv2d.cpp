// 3x3 convolutions of Stable Diffusion 1.5 (UNet with guidance at 512x512, VAE decoder): our kernel against
// ATen's, in one run. Arguments: batch, in_channels, side, out_channels. Counter: work of a direct
// convolution a second.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "ops/caching_allocator.h"
#include "ops/conv2d.h"

namespace {

// As in the program: no fresh pages in the timings.
[[maybe_unused]] const bool installed = (sdw::ops::install_caching_allocator(), true);

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({2, 320, 64, 320})
      ->Args({2, 640, 32, 640})
      ->Args({2, 1280, 16, 1280})
      ->Args({2, 1280, 8, 1280});
  benchmark->Args({1, 512, 64, 512})
      ->Args({1, 512, 128, 512})
      ->Args({1, 256, 256, 256})
      ->Args({1, 256, 512, 128})
      ->Args({1, 128, 512, 128})
      ->Args({2, 64, 16, 64});
  benchmark->Args({2, 4, 64, 320})->Args({2, 320, 64, 4})->Args({1, 128, 512, 3});
  benchmark->UseRealTime()->Unit(benchmark::kMillisecond);
}

void count_work(benchmark::State& state) {
  const double flops =
      2.0 * 9 * state.range(0) * state.range(1) * state.range(2) * state.range(2) * state.range(3);
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}

at::Tensor input_of(const benchmark::State& state) {
  return at::randn({state.range(0), state.range(1), state.range(2), state.range(2)})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor weight_of(const benchmark::State& state) {
  return at::randn({state.range(3), state.range(1), 3, 3}).mul_(0.01);
}

void ours(benchmark::State& state, sdw::ops::Precision precision, at::ScalarType stored) {
  const c10::InferenceMode inference;
  const auto input = input_of(state);
  const auto weight = sdw::ops::prepare_conv2d(weight_of(state).to(stored), at::randn({state.range(3)}),
                                               {.padding = 1}, {.precision = precision});
  for (auto _ : state) benchmark::DoNotOptimize(sdw::ops::conv2d(input, weight));
  count_work(state);
}
BENCHMARK_CAPTURE(ours, exact, sdw::ops::Precision::exact, at::kHalf)->Apply(shapes);
BENCHMARK_CAPTURE(ours, exact_f32, sdw::ops::Precision::exact, at::kFloat)->Apply(shapes);
BENCHMARK_CAPTURE(ours, fast, sdw::ops::Precision::fast, at::kHalf)->Apply(shapes);
BENCHMARK_CAPTURE(ours, int8, sdw::ops::Precision::int8, at::kHalf)->Apply(shapes);

void aten(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto input = input_of(state);
  const auto weight = weight_of(state).contiguous(at::MemoryFormat::ChannelsLast);
  const auto bias = at::randn({state.range(3)});
  for (auto _ : state) benchmark::DoNotOptimize(at::conv2d(input, weight, bias, 1, 1));
  count_work(state);
}
BENCHMARK(aten)->Apply(shapes);

}  // namespace

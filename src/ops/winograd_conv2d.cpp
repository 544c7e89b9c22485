#include "ops/winograd_conv2d.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "kernels/cpu/winograd.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

const float* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

// Runs a plan: for each chunk of tiles all input transforms, then all blocks of output channels.
void run(const kernels::cpu::WinogradConv& conv) {
  const auto plan = kernels::cpu::plan_winograd(conv);
  const auto threads = as_size(at::get_num_threads());
  float* const shared = workspace(plan.scratch_floats + threads * plan.thread_floats);
  float* const own = shared + plan.scratch_floats;
  for (std::size_t chunk = 0; chunk < plan.chunks; ++chunk) {
    at::parallel_for(0, static_cast<std::int64_t>(plan.tile_parts), 1,
                     [&](std::int64_t begin, std::int64_t end) {
                       for (auto part = begin; part < end; ++part) {
                         kernels::cpu::winograd_input_part(conv, plan, chunk, as_size(part), shared);
                       }
                     });
    at::parallel_for(
        0, static_cast<std::int64_t>(plan.channel_parts), 1, [&](std::int64_t begin, std::int64_t end) {
          float* const scratch = own + as_size(at::get_thread_num()) * plan.thread_floats;
          for (auto part = begin; part < end; ++part) {
            kernels::cpu::winograd_output_part(conv, plan, chunk, as_size(part), shared, scratch);
          }
        });
  }
}

}  // namespace

bool winograd_fits(const at::Tensor& input, const Conv2dWeight& weight, std::int64_t height,
                   std::int64_t width) {
  constexpr std::int64_t kMinChannels = 16;
  constexpr std::int64_t kMinTiles = 4;
  const auto& filters = weight.weight;
  const bool plain = filters.size(2) == 3 && filters.size(3) == 3 && weight.shape.stride == 1 &&
                     weight.shape.padding == 1 && weight.shape.padding_end == 0;
  const bool host_float =
      input.device().is_cpu() && input.scalar_type() == at::kFloat && filters.scalar_type() == at::kFloat;
  const std::int64_t tiles = input.size(0) * ((height + 3) / 4) * ((width + 3) / 4);
  return plain && host_float && !aten_forced() && filters.size(0) >= kMinChannels &&
         filters.size(1) >= kMinChannels && tiles >= kMinTiles;
}

at::Tensor winograd_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                           bool upsample) {
  const auto source = input.contiguous(at::MemoryFormat::ChannelsLast);
  const auto added = residual.defined() ? residual.contiguous(at::MemoryFormat::ChannelsLast) : residual;
  const std::int64_t scale = upsample ? 2 : 1;
  auto output =
      at::empty({source.size(0), weight.weight.size(0), scale * source.size(2), scale * source.size(3)},
                source.options(), at::MemoryFormat::ChannelsLast);
  run({.input = source.const_data_ptr<float>(),
       .weight = weight.weight.const_data_ptr<float>(),
       .bias = data_or_null(weight.bias),
       .residual = data_or_null(added),
       .output = output.data_ptr<float>(),
       .batch = as_size(source.size(0)),
       .in_height = as_size(source.size(2)),
       .in_width = as_size(source.size(3)),
       .in_channels = as_size(source.size(1)),
       .out_height = as_size(output.size(2)),
       .out_width = as_size(output.size(3)),
       .out_channels = as_size(output.size(1)),
       .upsample = upsample});
  return output;
}

}  // namespace sdw::ops

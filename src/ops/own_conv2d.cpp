#include "ops/own_conv2d.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>

#include "kernels/cpu/bf16_block.h"
#include "kernels/cpu/bf16_conv.h"
#include "kernels/cpu/winograd.h"
#include "ops/prepared_weight.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::int64_t kMinChannels = 16;

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

template <class Element>
const Element* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<const Element*>(tensor.const_data_ptr()) : nullptr;
}

bool is_plain_3x3(at::IntArrayRef filters, const Conv2dShape& shape) {
  return filters[2] == 3 && filters[3] == 3 && shape.stride == 1 && shape.padding == 1 &&
         shape.padding_end == 0 && filters[0] >= kMinChannels && filters[1] >= kMinChannels;
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

void run(const kernels::cpu::Bf16Conv& conv) {
  const auto plan = kernels::cpu::plan_bf16_conv(conv);
  for_parts(plan.parts, plan.thread_floats, [&](std::size_t part, float* scratch) {
    kernels::cpu::bf16_conv_part(conv, plan, part, scratch);
  });
}

// The fields that both kinds of convolution have.
template <class Conv>
Conv conv_of(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
             const at::Tensor& output, bool upsample) {
  Conv conv;
  conv.input = input.const_data_ptr<float>();
  conv.bias = data_or_null<float>(weight.bias);
  conv.residual = data_or_null<float>(residual);
  conv.output = output.data_ptr<float>();
  conv.batch = as_size(input.size(0));
  conv.in_height = as_size(input.size(2));
  conv.in_width = as_size(input.size(3));
  conv.in_channels = as_size(input.size(1));
  conv.out_height = as_size(output.size(2));
  conv.out_width = as_size(output.size(3));
  conv.out_channels = as_size(output.size(1));
  conv.upsample = upsample;
  return conv;
}

}  // namespace

Conv2dLayout layout_for(at::IntArrayRef filters, const Conv2dShape& shape, const Placement& where) {
  const bool ours = where.device.is_cpu() && where.dtype == at::kFloat && !aten_forced();
  if (!ours || where.precision == Precision::exact || !is_plain_3x3(filters, shape)) return Conv2dLayout::plain;
  // AVX512-BF16 multiplies less than twice as fast as float32, Winograd saves three quarters of the products.
  return kernels::cpu::bf16_unit() == kernels::cpu::Bf16Unit::amx ? Conv2dLayout::bf16_panels
                                                                  : Conv2dLayout::bf16;
}

at::Tensor packed_filters(const at::Tensor& weight) {
  const auto outputs = weight.size(0), inputs = weight.size(1);
  const auto size = [inputs](std::int64_t n) {
    return static_cast<std::int64_t>(kernels::cpu::bf16_conv_weight_size(as_size(n), as_size(inputs)));
  };
  const at::Tensor panels = empty_weight({size(outputs)}, at::kBFloat16);
  constexpr std::int64_t width = kernels::cpu::kBf16Columns;
  at::parallel_for(0, (outputs + width - 1) / width, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto panel = begin; panel < end; ++panel) {
      const auto first = panel * width, count = std::min(width, outputs - first);
      const at::Tensor filters =
          weight.narrow(0, first, count).to(at::kBFloat16).permute({0, 2, 3, 1}).contiguous();
      kernels::cpu::pack_bf16_conv_weight(static_cast<const std::uint16_t*>(filters.const_data_ptr()),
                                          as_size(count), as_size(inputs),
                                          static_cast<std::uint16_t*>(panels.data_ptr()) + size(first));
    }
  });
  return panels;
}

bool own_conv2d_fits(const at::Tensor& input, const Conv2dWeight& weight, std::int64_t height,
                     std::int64_t width) {
  if (weight.layout == Conv2dLayout::bf16_panels) return true;
  constexpr std::int64_t kMinTiles = 4;
  const bool host_float = input.device().is_cpu() && input.scalar_type() == at::kFloat &&
                          (weight.layout == Conv2dLayout::bf16 || weight.weight.scalar_type() == at::kFloat);
  const std::int64_t tiles = input.size(0) * ((height + 3) / 4) * ((width + 3) / 4);
  return host_float && is_plain_3x3(weight.filters, weight.shape) && !aten_forced() && tiles >= kMinTiles;
}

at::Tensor own_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                      bool upsample) {
  const auto source = input.contiguous(at::MemoryFormat::ChannelsLast);
  const auto added = residual.defined() ? residual.contiguous(at::MemoryFormat::ChannelsLast) : residual;
  const std::int64_t scale = upsample ? 2 : 1;
  auto output = at::empty({source.size(0), weight.filters[0], scale * source.size(2), scale * source.size(3)},
                          source.options(), at::MemoryFormat::ChannelsLast);
  if (weight.layout == Conv2dLayout::bf16_panels) {
    auto conv = conv_of<kernels::cpu::Bf16Conv>(source, weight, added, output, upsample);
    conv.packed = data_or_null<std::uint16_t>(weight.weight);
    run(conv);
  } else {
    auto conv = conv_of<kernels::cpu::WinogradConv>(source, weight, added, output, upsample);
    if (weight.layout == Conv2dLayout::bf16)
      conv.bf16_weight = data_or_null<std::uint16_t>(weight.weight);
    else
      conv.weight = data_or_null<float>(weight.weight);
    run(conv);
  }
  return output;
}

}  // namespace sdw::ops

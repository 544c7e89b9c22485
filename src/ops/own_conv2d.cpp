#include "ops/own_conv2d.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <array>

#include "kernels/cpu/panel_conv.h"
#include "kernels/cpu/winograd.h"
#include "ops/ownership.h"
#include "ops/prepared_weight.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::int64_t kMinChannels = 16;
constexpr std::int64_t kFewestFilters = std::int64_t{256} * 256;  // of a VAE's last blocks
constexpr std::int64_t kFewFilters = std::int64_t{512} * 512;  // all of a VAE's, and a UNet's first blocks'

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

template <class Element>
const Element* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<const Element*>(tensor.const_data_ptr()) : nullptr;
}

bool keeps_size(const Conv2dShape& shape) {
  return shape.stride == 1 && shape.padding == 1 && shape.padding_end == 0;
}

bool halves_size(const Conv2dShape& shape) {
  return shape.stride == 2 && shape.padding + shape.padding_end == 1;
}

void run(const kernels::cpu::WinogradConv& conv) {
  const auto plan = kernels::cpu::plan_winograd(conv, as_size(at::get_num_threads()));
  float* const shared = workspace(plan.shared_floats + floats_of_all_threads(plan.thread_floats));
  for (std::size_t chunk = 0; chunk < plan.chunks; ++chunk) {
    for_parts(plan.first_parts,
              [&](std::size_t part) { kernels::cpu::winograd_first_part(conv, plan, chunk, part, shared); });
    for_parts(plan.second_parts, plan.thread_floats, shared + plan.shared_floats,
              [&](std::size_t part, float* scratch) {
                kernels::cpu::winograd_second_part(conv, plan, chunk, part, shared, scratch);
              });
  }
}

void run(const kernels::cpu::PanelConv& conv) {
  const auto plan = kernels::cpu::plan_panel_conv(conv);
  float* const memory = workspace(floats_of_all_threads(plan.thread_floats));
  for_parts(plan.parts, plan.thread_floats, memory, [&](std::size_t part, float* scratch) {
    kernels::cpu::panel_conv_part(conv, plan, part, scratch);
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

bool is_bf16_winograd(Conv2dLayout layout) {
  return layout == Conv2dLayout::winograd_bf16 || layout == Conv2dLayout::winograd_exact_bf16;
}

void set_filters(const Conv2dWeight& weight, kernels::cpu::WinogradConv& conv) {
  if (weight.layout == Conv2dLayout::winograd_int8) {
    conv.int8_weight = data_or_null<std::int8_t>(weight.weight);
  } else if (weight.layout == Conv2dLayout::winograd_f16) {
    conv.f16_weight = data_or_null<kernels::cpu::Half>(weight.weight);
  } else if (is_bf16_winograd(weight.layout)) {
    conv.bf16_weight = data_or_null<std::uint16_t>(weight.weight);
    conv.exact = weight.layout == Conv2dLayout::winograd_exact_bf16;
  } else {
    conv.weight = data_or_null<float>(weight.weight);
  }
}

bool in_panels(Conv2dLayout layout) {
  return layout == Conv2dLayout::bf16_panels || layout == Conv2dLayout::int8_panels;
}

kernels::cpu::PanelType panel_type(Conv2dLayout layout) {
  return layout == Conv2dLayout::int8_panels ? kernels::cpu::PanelType::int8 : kernels::cpu::PanelType::bf16;
}

std::int64_t packed_size(std::int64_t outputs, std::int64_t inputs, Conv2dLayout layout) {
  const auto n = as_size(outputs), k = as_size(inputs);
  if (in_panels(layout)) {
    return static_cast<std::int64_t>(kernels::cpu::packed_words(panel_type(layout), n, 9, k));
  }
  return static_cast<std::int64_t>(layout == Conv2dLayout::winograd_int8
                                       ? kernels::cpu::winograd_int8_weight_size(n, k)
                                       : kernels::cpu::winograd_weight_size(n, k));
}

// What packed filters are counted in.
at::ScalarType packed_type(Conv2dLayout layout) {
  if (layout == Conv2dLayout::winograd) return at::kFloat;
  if (layout == Conv2dLayout::winograd_f16) return at::kHalf;
  return layout == Conv2dLayout::winograd_int8 ? at::kChar : at::kBFloat16;  // or words of 16 bits
}

// `filters` [N, 3, 3, C_in]: float16 or bfloat16 where they stay so, else float32.
void pack_block(const at::Tensor& filters, Conv2dLayout layout, void* to) {
  const auto outputs = as_size(filters.size(0)), inputs = as_size(filters.size(3));
  auto* const words = static_cast<kernels::cpu::Word*>(to);
  if (layout == Conv2dLayout::winograd) {
    return kernels::cpu::pack_winograd_weight(filters.const_data_ptr<float>(), outputs, inputs,
                                              static_cast<float*>(to));
  }
  if (layout == Conv2dLayout::winograd_int8) {
    return kernels::cpu::pack_winograd_weight(filters.const_data_ptr<float>(), outputs, inputs,
                                              static_cast<std::int8_t*>(to));
  }
  if (layout == Conv2dLayout::int8_panels) {
    return kernels::cpu::pack_int8_panels(filters.const_data_ptr<float>(), outputs, 9, inputs, words);
  }
  if (layout == Conv2dLayout::winograd_f16) {
    return kernels::cpu::pack_winograd_weight(
        static_cast<const kernels::cpu::Half*>(filters.const_data_ptr()), outputs, inputs,
        static_cast<kernels::cpu::Half*>(to));
  }
  const auto* const from = static_cast<const std::uint16_t*>(filters.const_data_ptr());
  if (is_bf16_winograd(layout)) {
    return kernels::cpu::pack_winograd_weight(from, outputs, inputs, words);
  }
  kernels::cpu::pack_panels(from, outputs, 9, inputs, words);
}

}  // namespace

Conv2dLayout layout_for(const at::Tensor& weight, const Conv2dShape& shape, const Placement& where) {
  const at::IntArrayRef filters = weight.sizes();
  if (!takes_own_kernels(where) || filters[2] != 3 || filters[3] != 3) return Conv2dLayout::plain;
  const auto panels = in_bytes(where) ? Conv2dLayout::int8_panels : Conv2dLayout::bf16_panels;
  if (halves_size(shape)) {
    const bool narrow = where.precision != Precision::exact && kernels::cpu::can_multiply(panel_type(panels));
    return narrow && std::min(filters[0], filters[1]) >= kMinChannels ? panels : Conv2dLayout::gathered;
  }
  if (!keeps_size(shape)) return Conv2dLayout::plain;
  if (filters[0] < kMinChannels) return Conv2dLayout::summed;
  if (filters[1] < kMinChannels) return Conv2dLayout::gathered;
  const at::ScalarType type = weight.scalar_type();
  const bool half = type == at::kHalf;
  if (where.precision == Precision::exact) {
    return half                    ? Conv2dLayout::winograd_f16
           : type == at::kBFloat16 ? Conv2dLayout::winograd_exact_bf16
                                   : Conv2dLayout::winograd;
  }
  // Winograd saves three quarters of the products: in bfloat16 it is faster than the nine products of bytes,
  // whose worth is then the memory that large filters save. The tiles of AMX are faster than either.
  // In float32 it is as fast as those products where filters are fewest.
  const auto unit = kernels::cpu::panel_unit();
  if (unit == kernels::cpu::PanelUnit::amx) return panels;
  const std::int64_t count = filters[0] * filters[1];
  if (in_bytes(where) && unit == kernels::cpu::PanelUnit::avx512_vnni && count > kFewestFilters) {
    return Conv2dLayout::int8_panels;
  }
  if (in_bytes(where) && count > kFewFilters) return Conv2dLayout::winograd_int8;
  const bool widened = !kernels::cpu::can_multiply(kernels::cpu::PanelType::bf16);
  return half && widened ? Conv2dLayout::winograd_f16 : Conv2dLayout::winograd_bf16;
}

at::Tensor packed_filters(const at::Tensor& weight, Conv2dLayout layout) {
  const auto outputs = weight.size(0), inputs = weight.size(1);
  const auto stored = packed_type(layout);
  const bool bytes = layout == Conv2dLayout::int8_panels || layout == Conv2dLayout::winograd_int8;
  const auto source = bytes ? at::kFloat : stored;
  at::Tensor packed = empty_weight({packed_size(outputs, inputs, layout)}, stored);
  constexpr std::int64_t width = 32;  // a multiple of every block of output channels
  at::parallel_for(0, (outputs + width - 1) / width, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto block = begin; block < end; ++block) {
      const auto first = block * width, count = std::min(width, outputs - first);
      const at::Tensor filters = weight.narrow(0, first, count).to(source).permute({0, 2, 3, 1}).contiguous();
      const auto offset = packed_size(first, inputs, layout) * packed.element_size();
      pack_block(filters, layout, static_cast<char*>(packed.data_ptr()) + offset);
    }
  });
  return packed;
}

at::Tensor own_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                      bool upsample) {
  const bool in_place = may_be_overwritten(residual);
  const auto source = input.contiguous(at::MemoryFormat::ChannelsLast);
  const auto added = residual.defined() ? residual.contiguous(at::MemoryFormat::ChannelsLast) : residual;
  const std::int64_t scale = upsample ? 2 : 1;
  const std::array shape{source.size(0), weight.filters[0],
                         output_size(scale * source.size(2), 3, weight.shape),
                         output_size(scale * source.size(3), 3, weight.shape)};
  auto output = in_place ? added : at::empty(shape, source.options(), at::MemoryFormat::ChannelsLast);
  if (in_panels(weight.layout)) {
    auto conv = conv_of<kernels::cpu::PanelConv>(source, weight, added, output, upsample);
    conv.type = panel_type(weight.layout);
    conv.stride = as_size(weight.shape.stride);
    conv.padding = as_size(weight.shape.padding);
    conv.packed = data_or_null<kernels::cpu::Word>(weight.weight);
    run(conv);
  } else {
    auto conv = conv_of<kernels::cpu::WinogradConv>(source, weight, added, output, upsample);
    set_filters(weight, conv);
    run(conv);
  }
  return output;
}

double multiplied_share(const Conv2dWeight& weight, std::int64_t batch, std::int64_t height,
                        std::int64_t width, bool upsample) {
  const bool winograd = weight.layout == Conv2dLayout::winograd ||
                        weight.layout == Conv2dLayout::winograd_f16 || is_bf16_winograd(weight.layout) ||
                        weight.layout == Conv2dLayout::winograd_int8;
  if (!winograd) return 1.0;
  kernels::cpu::WinogradConv conv;
  set_filters(weight, conv);
  conv.batch = as_size(batch);
  conv.in_channels = as_size(weight.filters[1]);
  conv.out_height = as_size(height);
  conv.out_width = as_size(width);
  conv.out_channels = as_size(weight.filters[0]);
  conv.upsample = upsample;
  const auto plan = plan_winograd(conv, as_size(at::get_num_threads()));
  return static_cast<double>(plan.points) / static_cast<double>(9 * plan.out_tile * plan.out_tile);
}

}  // namespace sdw::ops

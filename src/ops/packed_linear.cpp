#include "ops/packed_linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>

#include "kernels/cpu/bf16_gemm.h"
#include "kernels/cpu/gemm.h"
#include "ops/prepared_weight.h"
#include "ops/workspace.h"

namespace sdw::ops {

namespace {

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

std::int64_t packed_size(std::int64_t columns, std::int64_t depth, LinearLayout layout) {
  const auto size = layout == LinearLayout::panels
                        ? kernels::cpu::packed_floats(as_size(columns), as_size(depth))
                        : kernels::cpu::bf16_packed_size(as_size(columns), as_size(depth));
  return static_cast<std::int64_t>(size);
}

void pack_rows(const at::Tensor& rows, LinearLayout layout, void* panels) {
  const auto columns = as_size(rows.size(0)), depth = as_size(rows.size(1));
  if (layout == LinearLayout::panels) {
    kernels::cpu::pack_weight(rows.const_data_ptr<float>(), columns, depth, static_cast<float*>(panels));
  } else {
    kernels::cpu::pack_bf16_weight(static_cast<const std::uint16_t*>(rows.const_data_ptr()), columns, depth,
                                   static_cast<std::uint16_t*>(panels));
  }
}

const float* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

// The fields that both kinds of product have.
template <class Gemm, class Element>
Gemm gemm_of(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual,
             const at::Tensor& output) {
  return {.input = input.const_data_ptr<float>(),
          .packed = static_cast<const Element*>(weight.weight.const_data_ptr()),
          .bias = data_or_null(weight.bias),
          .residual = data_or_null(residual),
          .output = output.data_ptr<float>(),
          .rows = as_size(input.numel() / weight.in_features),
          .depth = as_size(weight.in_features),
          .columns = as_size(weight.out_features)};
}

void run(const kernels::cpu::Gemm& gemm) {
  for_parts(kernels::cpu::gemm_parts(gemm), [&](std::size_t part) { kernels::cpu::gemm_part(gemm, part); });
}

void run(const kernels::cpu::Bf16Gemm& gemm) {
  const auto plan = kernels::cpu::plan_bf16_gemm(gemm);
  float* const memory = workspace(floats_of_all_threads(plan.thread_floats));
  for_parts(plan.parts, plan.thread_floats, memory, [&](std::size_t part, float* scratch) {
    kernels::cpu::bf16_gemm_part(gemm, plan, part, scratch);
  });
}

}  // namespace

LinearLayout layout_for(const Placement& where) {
  const bool ours = where.device.is_cpu() && where.dtype == at::kFloat && !aten_forced();
  if (!ours) return LinearLayout::plain;
  return where.precision == Precision::exact ? LinearLayout::panels : LinearLayout::bf16_panels;
}

at::Tensor packed_panels(const at::Tensor& weight, LinearLayout layout) {
  const auto columns = weight.size(0), depth = weight.size(1);
  const auto dtype = layout == LinearLayout::panels ? at::kFloat : at::kBFloat16;
  const at::Tensor panels = empty_weight({packed_size(columns, depth, layout)}, dtype);
  // Panels are independent: each thread converts the rows of a few and packs them from there.
  constexpr std::int64_t width = 128;  // a multiple of every instruction set's panel width
  at::parallel_for(0, (columns + width - 1) / width, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto group = begin; group < end; ++group) {
      const auto first = group * width;
      const at::Tensor rows =
          weight.narrow(0, first, std::min(width, columns - first)).to(dtype).contiguous();
      pack_rows(
          rows, layout,
          static_cast<char*>(panels.data_ptr()) + packed_size(first, depth, layout) * panels.element_size());
    }
  });
  return panels;
}

at::Tensor packed_linear(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual) {
  const auto source = input.contiguous();
  const auto added = residual.defined() ? residual.contiguous() : residual;
  auto shape = source.sizes().vec();
  shape.back() = weight.out_features;
  auto output = at::empty(shape, source.options());
  if (weight.layout == LinearLayout::panels)
    run(gemm_of<kernels::cpu::Gemm, float>(source, weight, added, output));
  else
    run(gemm_of<kernels::cpu::Bf16Gemm, std::uint16_t>(source, weight, added, output));
  return output;
}

}  // namespace sdw::ops

#include "ops/packed_linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panel_gemm.h"
#include "ops/prepared_weight.h"
#include "ops/workspace.h"

namespace sdw::ops {

namespace {

std::size_t as_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

kernels::cpu::PanelType panel_type(LinearLayout layout) {
  return layout == LinearLayout::int8_panels ? kernels::cpu::PanelType::int8 : kernels::cpu::PanelType::bf16;
}

// bfloat16 and bytes multiplied as such.
bool in_panels(LinearLayout layout) {
  return layout == LinearLayout::bf16_panels || layout == LinearLayout::int8_panels;
}

std::int64_t packed_size(std::int64_t columns, std::int64_t depth, LinearLayout layout) {
  const auto size = in_panels(layout)
                        ? kernels::cpu::packed_words(panel_type(layout), as_size(columns), 1, as_size(depth))
                        : kernels::cpu::packed_size(as_size(columns), as_size(depth));
  return static_cast<std::int64_t>(size);
}

// What packed weights are counted in.
at::ScalarType stored_type(LinearLayout layout) {
  if (layout == LinearLayout::f32) return at::kFloat;
  return layout == LinearLayout::f16 ? at::kHalf : at::kBFloat16;  // or words of 16 bits
}

void pack_rows(const at::Tensor& rows, LinearLayout layout, void* panels) {
  const auto columns = as_size(rows.size(0)), depth = as_size(rows.size(1));
  auto* const words = static_cast<kernels::cpu::Word*>(panels);
  if (layout == LinearLayout::f32) {
    kernels::cpu::pack_weight(rows.const_data_ptr<float>(), columns, depth, static_cast<float*>(panels));
  } else if (layout == LinearLayout::f16) {
    kernels::cpu::pack_weight(static_cast<const kernels::cpu::Half*>(rows.const_data_ptr()), columns, depth,
                              static_cast<kernels::cpu::Half*>(panels));
  } else if (layout == LinearLayout::bf16) {
    kernels::cpu::pack_weight(static_cast<const std::uint16_t*>(rows.const_data_ptr()), columns, depth,
                              static_cast<std::uint16_t*>(panels));
  } else if (layout == LinearLayout::int8_panels) {
    kernels::cpu::pack_int8_panels(rows.const_data_ptr<float>(), columns, 1, depth, words);
  } else {
    kernels::cpu::pack_panels(static_cast<const std::uint16_t*>(rows.const_data_ptr()), columns, 1, depth,
                              words);
  }
}

const float* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

// The fields that all kinds of product have.
template <class Gemm>
Gemm gemm_of(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual, bool geglu,
             const at::Tensor& output) {
  Gemm gemm;
  gemm.input = input.const_data_ptr<float>();
  gemm.bias = data_or_null(weight.bias);
  gemm.residual = data_or_null(residual);
  gemm.output = output.data_ptr<float>();
  gemm.rows = as_size(input.numel() / weight.in_features);
  gemm.depth = as_size(weight.in_features);
  gemm.columns = as_size(weight.out_features);
  gemm.geglu = geglu;
  return gemm;
}

template <class Gemm>
void run(const Gemm& gemm, kernels::cpu::GemmPlan (*make_plan)(const Gemm&, std::size_t threads),
         void (*run_part)(const Gemm&, const kernels::cpu::GemmPlan&, std::size_t part, float* scratch)) {
  const auto plan = make_plan(gemm, as_size(at::get_num_threads()));
  float* const memory = workspace(floats_of_all_threads(plan.thread_floats));
  for_parts(plan.parts, plan.thread_floats, memory,
            [&](std::size_t part, float* scratch) { run_part(gemm, plan, part, scratch); });
}

// All contiguous; `residual` may be undefined.
void multiply(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual, bool geglu,
              const at::Tensor& output) {
  const void* const packed = weight.weight.const_data_ptr();
  if (!in_panels(weight.layout)) {
    auto gemm = gemm_of<kernels::cpu::Gemm>(input, weight, residual, geglu, output);
    if (weight.layout == LinearLayout::f32) {
      gemm.f32 = static_cast<const float*>(packed);
    } else if (weight.layout == LinearLayout::f16) {
      gemm.f16 = static_cast<const kernels::cpu::Half*>(packed);
    } else {
      gemm.bf16 = static_cast<const std::uint16_t*>(packed);
    }
    run(gemm, kernels::cpu::plan_gemm, kernels::cpu::gemm_part);
  } else {
    auto gemm = gemm_of<kernels::cpu::PanelGemm>(input, weight, residual, geglu, output);
    gemm.packed = static_cast<const kernels::cpu::Word*>(packed);
    gemm.type = panel_type(weight.layout);
    run(gemm, kernels::cpu::plan_panel_gemm, kernels::cpu::panel_gemm_part);
  }
}

at::Tensor product(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual,
                   bool geglu) {
  const at::Tensor source = input.contiguous();
  auto shape = source.sizes().vec();
  shape.back() = geglu ? weight.out_features / 2 : weight.out_features;
  at::Tensor output = at::empty(shape, source.options());
  multiply(source, weight, residual, geglu, output);
  return output;
}

}  // namespace

LinearLayout exact_layout(at::ScalarType type) {
  if (type == at::kHalf) return LinearLayout::f16;
  return type == at::kBFloat16 ? LinearLayout::bf16 : LinearLayout::f32;
}

LinearLayout layout_for(at::ScalarType type, const Placement& where) {
  if (!takes_own_kernels(where)) return LinearLayout::plain;
  if (where.precision == Precision::exact) return exact_layout(type);
  if (in_bytes(where)) return LinearLayout::int8_panels;
  if (kernels::cpu::can_multiply(kernels::cpu::PanelType::bf16)) return LinearLayout::bf16_panels;
  return type == at::kHalf ? LinearLayout::f16 : LinearLayout::bf16;
}

at::Tensor packed_panels(const at::Tensor& weight, LinearLayout layout) {
  const auto columns = weight.size(0), depth = weight.size(1);
  const auto stored = stored_type(layout);
  const auto source = layout == LinearLayout::int8_panels ? at::kFloat : stored;
  at::Tensor panels = empty_weight({packed_size(columns, depth, layout)}, stored);
  // Panels are independent: each thread converts the rows of a few and packs them from there.
  constexpr std::int64_t width = 128;  // a multiple of every instruction set's panel width
  at::parallel_for(0, (columns + width - 1) / width, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto group = begin; group < end; ++group) {
      const auto first = group * width;
      const at::Tensor rows =
          weight.narrow(0, first, std::min(width, columns - first)).to(source).contiguous();
      pack_rows(
          rows, layout,
          static_cast<char*>(panels.data_ptr()) + packed_size(first, depth, layout) * panels.element_size());
    }
  });
  return panels;
}

at::Tensor packed_linear(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual) {
  return product(input, weight, residual.defined() ? residual.contiguous() : residual, false);
}

void packed_linear_into(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& output) {
  multiply(input, weight, {}, false, output);
}

at::Tensor packed_geglu(const at::Tensor& input, const LinearWeight& weight) {
  return product(input, weight, {}, true);
}

bool can_pack_geglu(const LinearWeight& weight) {
  return weight.layout != LinearLayout::plain &&
         as_size(weight.out_features) % kernels::cpu::kGegluColumns == 0;
}

}  // namespace sdw::ops

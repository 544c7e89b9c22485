#include "ops/packed_linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>

#include "kernels/cpu/gemm.h"
#include "ops/prepared_weight.h"

namespace sdw::ops {

bool packing_fits(const Placement& where) {
  return where.device.is_cpu() && where.dtype == at::kFloat && !aten_forced();
}

at::Tensor packed_panels(const at::Tensor& weight) {
  const auto columns = weight.size(0), depth = weight.size(1);
  const auto floats = [depth](std::int64_t n) {
    return static_cast<std::int64_t>(
        kernels::cpu::packed_floats(static_cast<std::size_t>(n), static_cast<std::size_t>(depth)));
  };
  const at::Tensor panels = empty_weight({floats(columns)}, at::kFloat);
  // Panels are independent: each thread widens the rows of a few and packs them from there.
  const auto panel_width = floats(1) / depth;
  const auto width = 4 * panel_width;
  at::parallel_for(0, (columns + width - 1) / width, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto group = begin; group < end; ++group) {
      const auto first = group * width, count = std::min(width, columns - first);
      const at::Tensor rows = weight.narrow(0, first, count).to(at::kFloat).contiguous();
      kernels::cpu::pack_weight(rows.const_data_ptr<float>(), static_cast<std::size_t>(count),
                                static_cast<std::size_t>(depth), panels.data_ptr<float>() + floats(first));
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
  const kernels::cpu::Gemm gemm{.input = source.const_data_ptr<float>(),
                                .packed = weight.weight.const_data_ptr<float>(),
                                .bias = weight.bias.defined() ? weight.bias.const_data_ptr<float>() : nullptr,
                                .residual = added.defined() ? added.const_data_ptr<float>() : nullptr,
                                .output = output.data_ptr<float>(),
                                .rows = static_cast<std::size_t>(source.numel() / weight.in_features),
                                .depth = static_cast<std::size_t>(weight.in_features),
                                .columns = static_cast<std::size_t>(weight.out_features)};
  at::parallel_for(0, static_cast<std::int64_t>(kernels::cpu::gemm_parts(gemm)), 1,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (auto part = begin; part < end; ++part)
                       kernels::cpu::gemm_part(gemm, static_cast<std::size_t>(part));
                   });
  return output;
}

}  // namespace sdw::ops

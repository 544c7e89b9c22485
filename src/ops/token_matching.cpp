#include "ops/token_matching.h"

#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/cpu/gemm.h"
#include "ops/precision.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::size_t kLanes = 16;  // sums and maxima that the compiler keeps in vectors
constexpr float kLowest = -std::numeric_limits<float>::infinity();

std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

float norm(const float* values, std::size_t count) {
  std::array<float, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane] * values[i + lane];
  }
  float sum = 0;
  for (const float lane : sums) sum += lane;
  for (; i < count; ++i) sum += values[i] * values[i];
  return std::sqrt(sum);
}

std::size_t first_of_greatest(const float* values, std::size_t count) {
  std::array<float, kLanes> best;
  best.fill(kLowest);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
    }
  }
  float greatest = *std::max_element(best.begin(), best.end());
  for (; i < count; ++i) greatest = values[i] > greatest ? values[i] : greatest;
  const auto found = static_cast<std::size_t>(std::find(values, values + count, greatest) - values);
  return found < count ? found : 0;  // not a number, all of them
}

// Products of unit vectors are cosines.
void take_unit_rows(const float* tokens, std::span<const std::int64_t> rows, std::size_t width, float* out) {
  for (const std::int64_t row : rows) {
    const float* const token = tokens + static_cast<std::size_t>(row) * width;
    const float length = std::max(norm(token, width), std::numeric_limits<float>::min());
    for (std::size_t c = 0; c < width; ++c) out[c] = token[c] / length;
    out += width;
  }
}

// A band of sources times all destinations stays in the cache until its greatest are found: the whole product
// is larger than the tokens.
TokenMatches own_match(const at::Tensor& tokens, std::span<const TokenSplit> splits) {
  constexpr std::size_t kBand = 96;
  constexpr std::size_t kPacked = 128;  // a multiple of every instruction set's panel width
  const auto count = static_cast<std::size_t>(tokens.size(1)),
             width = static_cast<std::size_t>(tokens.size(2));
  const std::size_t sources = splits[0].sources.size(), destinations = splits[0].destinations.size();
  const std::size_t packed_row = kernels::cpu::packed_size(destinations, width);
  const auto plan_of = [&](std::size_t rows) {
    return kernels::cpu::plan_gemm({.rows = rows, .depth = width, .columns = destinations}, 1);
  };
  // The last band has fewer rows, and so another plan.
  const kernels::cpu::GemmPlan full = plan_of(kBand), rest = plan_of(sources % kBand);
  const std::size_t thread_floats = std::max(
      kPacked * width, kBand * (width + destinations) + std::max(full.thread_floats, rest.thread_floats));
  float* const packed = workspace(splits.size() * packed_row + floats_of_all_threads(thread_floats));
  float* const memory = packed + splits.size() * packed_row;
  const auto* const data = tokens.const_data_ptr<float>();

  const std::size_t groups = (destinations + kPacked - 1) / kPacked;
  for_parts(splits.size() * groups, thread_floats, memory, [&](std::size_t part, float* scratch) {
    const std::size_t row = part / groups, first = part % groups * kPacked;
    const std::size_t now = std::min(kPacked, destinations - first);
    take_unit_rows(data + row * count * width, std::span(splits[row].destinations).subspan(first, now), width,
                   scratch);
    kernels::cpu::pack_weight(scratch, now, width,
                              packed + row * packed_row + kernels::cpu::packed_size(first, width));
  });

  TokenMatches matches{std::vector<float>(splits.size() * sources),
                       std::vector<std::int64_t>(splits.size() * sources)};
  const std::size_t bands = (sources + kBand - 1) / kBand;
  for_parts(splits.size() * bands, thread_floats, memory, [&](std::size_t part, float* scratch) {
    const std::size_t row = part / bands, first = part % bands * kBand;
    const std::size_t now = std::min(kBand, sources - first);
    float* const cosines = scratch + kBand * width;
    take_unit_rows(data + row * count * width, std::span(splits[row].sources).subspan(first, now), width,
                   scratch);
    const kernels::cpu::Gemm gemm{.input = scratch,
                                  .f32 = packed + row * packed_row,
                                  .output = cosines,
                                  .rows = now,
                                  .depth = width,
                                  .columns = destinations};
    const kernels::cpu::GemmPlan& plan = now == kBand ? full : rest;
    for (std::size_t i = 0; i < plan.parts; ++i) {
      kernels::cpu::gemm_part(gemm, plan, i, cosines + kBand * destinations);
    }
    for (std::size_t i = 0; i < now; ++i) {
      const float* const of_source = cosines + i * destinations;
      const std::size_t best = first_of_greatest(of_source, destinations);
      matches.cosines[row * sources + first + i] = of_source[best];
      matches.destinations[row * sources + first + i] = static_cast<std::int64_t>(best);
    }
  });
  return matches;
}

TokenMatches aten_match(const at::Tensor& tokens, std::span<const TokenSplit> splits) {
  // In half precision the squares of large tokens would not fit.
  const at::ScalarType type = tokens.scalar_type();
  const at::ScalarType summed = at::isReducedFloatingType(type) ? at::kFloat : type;
  const at::Tensor lengths = at::linalg_vector_norm(tokens, 2, {-1}, true, summed);
  const at::Tensor units = tokens.div(lengths.clamp_min(std::numeric_limits<float>::min())).to(type);
  std::vector<at::Tensor> cosines, destinations;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    const at::Tensor unit = units[static_cast<std::int64_t>(row)];
    const auto taken = [&](const std::vector<std::int64_t>& rows) {
      return unit.index_select(0, at::tensor(rows, at::kLong).to(unit.device()));
    };
    auto [greatest, where] =
        at::max(at::matmul(taken(splits[row].sources), taken(splits[row].destinations).t()), 1);
    cosines.push_back(std::move(greatest));
    destinations.push_back(std::move(where));
  }
  const at::Tensor all_cosines = at::stack(cosines).to(at::kCPU, at::kFloat);
  const at::Tensor all_destinations = at::stack(destinations).to(at::kCPU);
  const auto* const cosine = all_cosines.const_data_ptr<float>();
  const auto* const destination = all_destinations.const_data_ptr<std::int64_t>();
  return {{cosine, cosine + all_cosines.numel()}, {destination, destination + all_destinations.numel()}};
}

}  // namespace

TokenSplit split_tokens(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  const std::int64_t cells_down = height / 2, cells_across = width / 2;
  std::vector<bool> chosen(static_cast<std::size_t>(height * width));
  TokenSplit split;
  for (std::int64_t cell = 0; cell < cells_down * cells_across; ++cell) {
    const auto pick = static_cast<std::int64_t>(splitmix64(seed, static_cast<std::uint64_t>(cell)) >> 62);
    const std::int64_t y = cell / cells_across * 2 + pick / 2, x = cell % cells_across * 2 + pick % 2;
    split.destinations.push_back(y * width + x);
    chosen[static_cast<std::size_t>(y * width + x)] = true;
  }
  for (std::size_t token = 0; token < chosen.size(); ++token) {
    if (!chosen[token]) split.sources.push_back(static_cast<std::int64_t>(token));
  }
  return split;
}

TokenMatches match_tokens(const at::Tensor& tokens, std::span<const TokenSplit> splits) {
  TokenMatches matches =
      takes_own_kernels(tokens) ? own_match(tokens.contiguous(), splits) : aten_match(tokens, splits);
  for (float& cosine : matches.cosines) cosine = std::isnan(cosine) ? kLowest : cosine;
  return matches;
}

}  // namespace sdw::ops

#include "ops/token_merging.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "ops/op_profile.h"
#include "ops/precision.h"
#include "ops/shape_check.h"
#include "ops/token_matching.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::size_t kRows = 64;  // that a thread takes at a time

void check_grouping(const at::Tensor& tokens, std::int64_t height, std::int64_t width, double ratio,
                    std::span<const std::uint64_t> seeds) {
  require_shape(tokens.defined() && tokens.dim() == 3 && height > 0 && width > 0 &&
                    tokens.size(1) == height * width && tokens.size(2) > 0,
                "group_tokens", "tokens", fmt::format("[B, {} * {}, C]", height, width), tokens);
  if (seeds.size() != static_cast<std::size_t>(tokens.size(0))) {
    throw std::invalid_argument(
        fmt::format("group_tokens: seeds: expected {}, got {}", tokens.size(0), seeds.size()));
  }
  if (!(ratio >= 0 && ratio <= 1)) {
    throw std::invalid_argument(fmt::format("group_tokens: ratio: expected 0 to 1, got {}", ratio));
  }
}

// The `count` sources with the greatest cosines, in no order.
std::vector<std::size_t> most_alike(std::span<const float> cosines, std::size_t count) {
  std::vector<std::size_t> order(cosines.size());
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](std::size_t a, std::size_t b) {
    return cosines[a] != cosines[b] ? cosines[a] > cosines[b] : a < b;
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), before);
  order.resize(count);
  return order;
}

// The token that each of a picture's goes to, itself where it stays: `count` go.
std::vector<std::int64_t> joined(const TokenSplit& split, const TokenMatches& matches, std::size_t row,
                                 std::size_t count) {
  const std::size_t sources = split.sources.size();
  std::vector<std::int64_t> joins(sources + split.destinations.size());
  std::iota(joins.begin(), joins.end(), 0);
  if (count == 0) return joins;
  const auto cosines = std::span(matches.cosines).subspan(row * sources, sources);
  for (const std::size_t source : most_alike(cosines, count)) {
    const auto match = static_cast<std::size_t>(matches.destinations[row * sources + source]);
    joins[static_cast<std::size_t>(split.sources[source])] = split.destinations[match];
  }
  return joins;
}

void number_groups(std::span<const std::int64_t> joins, std::int64_t* group) {
  std::int64_t next = 0;
  for (std::size_t token = 0; token < joins.size(); ++token) {
    if (joins[token] == static_cast<std::int64_t>(token)) group[token] = next++;
  }
  for (std::size_t token = 0; token < joins.size(); ++token) group[token] = group[joins[token]];
}

bool own_kernel_fits(const at::Tensor& tokens) {
  return takes_own_kernels(tokens) && tokens.numel() > 0;
}

// The tokens of each group, all rows of the batch one after the other.
struct Members {
  std::vector<std::size_t> ends;    // [B * merged + 1], where each ends in `tokens`; the last is spare
  std::vector<std::size_t> tokens;  // [B * N], group by group, ascending in each
};

Members members_of(const TokenGroups& groups) {
  const at::Tensor plain = groups.group.contiguous();
  const auto* const group = plain.const_data_ptr<std::int64_t>();
  const auto all = static_cast<std::size_t>(plain.numel()), row = static_cast<std::size_t>(plain.size(1));
  const auto merged = static_cast<std::size_t>(groups.merged);
  const auto group_of = [&](std::size_t token) {
    return token / row * merged + static_cast<std::size_t>(group[token]);
  };
  Members members{std::vector<std::size_t>(all / row * merged + 1), std::vector<std::size_t>(all)};
  for (std::size_t token = 0; token < all; ++token) ++members.ends[group_of(token) + 1];
  std::partial_sum(members.ends.begin(), members.ends.end(), members.ends.begin());
  // From the start of each group, filling it moves to its end.
  for (std::size_t token = 0; token < all; ++token) members.tokens[members.ends[group_of(token)]++] = token;
  return members;
}

at::Tensor own_merge(const at::Tensor& tokens, const TokenGroups& groups) {
  const at::Tensor source = tokens.contiguous();
  const auto width = static_cast<std::size_t>(source.size(2));
  at::Tensor output = at::empty({source.size(0), groups.merged, source.size(2)}, source.options());
  const auto* const from = source.const_data_ptr<float>();
  auto* const to = output.data_ptr<float>();
  const Members members = members_of(groups);
  for_rows(static_cast<std::size_t>(output.numel()) / width, kRows, [&](std::size_t group, std::size_t now) {
    std::size_t member = group > 0 ? members.ends[group - 1] : 0;
    for (const std::size_t last = group + now; group < last; ++group) {
      const auto size = static_cast<float>(members.ends[group] - member);
      float* const mean = to + group * width;
      std::copy_n(from + members.tokens[member] * width, width, mean);
      for (++member; member < members.ends[group]; ++member) {
        const float* const token = from + members.tokens[member] * width;
        for (std::size_t c = 0; c < width; ++c) mean[c] += token[c];
      }
      for (std::size_t c = 0; size > 1 && c < width; ++c) mean[c] /= size;
    }
  });
  return output;
}

// Sums of index_add differ from run to run on a GPU; those of index_put are sorted first.
at::Tensor aten_merge(const at::Tensor& tokens, const TokenGroups& groups) {
  const std::int64_t batch = tokens.size(0), width = tokens.size(2), rows = batch * groups.merged;
  const at::ScalarType type = tokens.scalar_type();
  const at::TensorOptions summed =
      tokens.options().dtype(at::isReducedFloatingType(type) ? at::kFloat : type);
  const at::Tensor starts = at::arange(0, rows, groups.merged, groups.group.options()).unsqueeze(1);
  const at::Tensor place = groups.group.add(starts).reshape({-1});
  const at::Tensor sums =
      at::zeros({rows, width}, summed).index_put_({place}, tokens.reshape({-1, width}).to(summed), true);
  const at::Tensor sizes =
      at::zeros({rows, 1}, summed).index_put_({place}, at::ones({place.size(0), 1}, summed), true);
  return sums.div(sizes).to(type).view({batch, groups.merged, width});
}

at::Tensor own_unmerge_add(const at::Tensor& merged, const TokenGroups& groups, const at::Tensor& residual) {
  const at::Tensor source = merged.contiguous(), added = residual.contiguous();
  const at::Tensor plain = groups.group.contiguous();
  at::Tensor output = at::empty(added.sizes(), added.options());
  const auto width = static_cast<std::size_t>(added.size(2)), row = static_cast<std::size_t>(added.size(1));
  const auto left = static_cast<std::size_t>(groups.merged);
  const auto *const from = source.const_data_ptr<float>(), *const base = added.const_data_ptr<float>();
  const auto* const group = plain.const_data_ptr<std::int64_t>();
  auto* const to = output.data_ptr<float>();
  for_rows(static_cast<std::size_t>(plain.numel()), kRows, [&](std::size_t token, std::size_t now) {
    for (const std::size_t last = token + now; token < last; ++token) {
      const float* const mean = from + (token / row * left + static_cast<std::size_t>(group[token])) * width;
      for (std::size_t c = 0; c < width; ++c) to[token * width + c] = base[token * width + c] + mean[c];
    }
  });
  return output;
}

void check_groups(const char* op, const at::Tensor& tokens, const TokenGroups& groups, const char* what) {
  require_shape(groups.group.defined() && groups.group.dim() == 2, op, "groups", "[B, N]", groups.group);
  require_shape(tokens.defined() && tokens.dim() == 3 && tokens.sizes().slice(0, 2) == groups.group.sizes(),
                op, what, fmt::format("[{}, {}, C]", groups.group.size(0), groups.group.size(1)), tokens);
}

OpCost cost_of(const char* op, const at::Tensor& tokens, const TokenGroups& groups, double bytes) {
  return {.op = op, .shape = fmt::format("{} -> {}", shape_text(tokens), groups.merged), .bytes = bytes};
}

}  // namespace

TokenGroups group_tokens(const at::Tensor& tokens, std::int64_t height, std::int64_t width, double ratio,
                         std::span<const std::uint64_t> seeds) {
  check_grouping(tokens, height, width, ratio, seeds);
  const std::int64_t count = height * width, destinations = (height / 2) * (width / 2);
  const auto wanted = static_cast<std::int64_t>(std::floor(ratio * static_cast<double>(count)));
  const std::int64_t joining = destinations > 0 ? std::min(wanted, count - destinations) : 0;
  const OpTimer timer(running_op("group_tokens", tokens), [&] {
    const auto rows = static_cast<double>(joining > 0 ? tokens.size(0) * (count - destinations) : 0);
    const double work = 2 * rows * static_cast<double>(destinations * tokens.size(2));
    return OpCost{.op = "group_tokens",
                  .shape = fmt::format("{} -> {}", shape_text(tokens), count - joining),
                  .work = work,
                  .multiplied = work,
                  .bytes = static_cast<double>(tokens.nbytes())};
  });
  std::vector<TokenSplit> splits;
  for (const std::uint64_t seed : seeds) splits.push_back(split_tokens(height, width, seed));
  TokenMatches matches;
  if (joining > 0 && !splits.empty()) matches = match_tokens(tokens, splits);
  at::Tensor group = at::empty({tokens.size(0), count}, at::TensorOptions(at::kLong));
  auto* of_row = group.data_ptr<std::int64_t>();
  for (std::size_t row = 0; row < splits.size(); ++row, of_row += count) {
    number_groups(joined(splits[row], matches, row, static_cast<std::size_t>(joining)), of_row);
  }
  return {group.to(tokens.device()), count - joining};
}

at::Tensor merge_tokens(const at::Tensor& tokens, const TokenGroups& groups) {
  check_groups("merge_tokens", tokens, groups, "tokens");
  const OpTimer timer(running_op("merge_tokens", tokens), [&] {
    return cost_of("merge_tokens", tokens, groups,
                   static_cast<double>(tokens.nbytes()) *
                       (1 + static_cast<double>(groups.merged) / static_cast<double>(tokens.size(1))));
  });
  return own_kernel_fits(tokens) ? own_merge(tokens, groups) : aten_merge(tokens, groups);
}

at::Tensor unmerge_add(const at::Tensor& merged, const TokenGroups& groups, const at::Tensor& residual) {
  check_groups("unmerge_add", residual, groups, "residual");
  require_shape(
      merged.defined() && merged.sizes() == std::array{residual.size(0), groups.merged, residual.size(2)},
      "unmerge_add", "merged", fmt::format("[{}, {}, {}]", residual.size(0), groups.merged, residual.size(2)),
      merged);
  const OpTimer timer(running_op("unmerge_add", residual), [&] {
    return cost_of("unmerge_add", residual, groups,
                   static_cast<double>(merged.nbytes()) + 2 * static_cast<double>(residual.nbytes()));
  });
  if (own_kernel_fits(merged) && own_kernel_fits(residual)) return own_unmerge_add(merged, groups, residual);
  return merged.gather(1, groups.group.unsqueeze(-1).expand(residual.sizes())).add_(residual);
}

}  // namespace sdw::ops

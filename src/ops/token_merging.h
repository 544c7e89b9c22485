#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>

// Token merging for Stable Diffusion (Bolya and Hoffman 2023, arXiv:2303.17604): attention over the means of
// tokens that are alike.
namespace sdw::ops {

// Which merged token each token is part of. Merged tokens are numbered in the order of the picture, one that
// several tokens went into at the place of its destination.
struct TokenGroups {
  at::Tensor group;         // [B, N], int64, each in [0, merged); on the tokens' device
  std::int64_t merged = 0;  // tokens that are left, of N
};

// Bipartite soft matching of `tokens` [B, height * width, C], row by row: one token of each whole 2x2 cell is
// a destination, which `seeds` [B] decide as token_matching.h says. Of the others the floor(ratio * N) (at
// most all) whose cosine to a destination is greatest, of equals the first, join the one they are most alike
// to. `ratio` is in [0, 1].
TokenGroups group_tokens(const at::Tensor& tokens, std::int64_t height, std::int64_t width, double ratio,
                         std::span<const std::uint64_t> seeds);

// The mean of each group: `tokens` [B, N, C] -> [B, merged, C].
at::Tensor merge_tokens(const at::Tensor& tokens, const TokenGroups& groups);

// `merged` [B, merged, C] goes back to each token of a group, on top of `residual` [B, N, C] -> [B, N, C].
at::Tensor unmerge_add(const at::Tensor& merged, const TokenGroups& groups, const at::Tensor& residual);

}  // namespace sdw::ops

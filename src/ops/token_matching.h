#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>
#include <vector>

// The first half of token merging (token_merging.h): who is like whom.
namespace sdw::ops {

// The tokens of one picture.
struct TokenSplit {
  std::vector<std::int64_t> sources;       // [S], ascending
  std::vector<std::int64_t> destinations;  // [D], cell by cell, row by row
};

// Of cell i, the destination is the token (row = pick / 2, column = pick % 2), where pick is the top two bits
// of output i of SplitMix64 (Steele, Lea and Flood 2014) that starts at `seed`. The last row or column of an
// odd size is in no cell: sources all.
TokenSplit split_tokens(std::int64_t height, std::int64_t width, std::uint64_t seed);

// The destination that each source is most alike to, for all rows one after the other: [B, S].
struct TokenMatches {
  std::vector<float> cosines;              // 0 for a token of zeros, -infinity for NaN
  std::vector<std::int64_t> destinations;  // index in TokenSplit::destinations, of equals the first
};

// `tokens` [B, N, C] and a split of each row. Precondition: all have as many destinations, at least one.
TokenMatches match_tokens(const at::Tensor& tokens, std::span<const TokenSplit> splits);

}  // namespace sdw::ops

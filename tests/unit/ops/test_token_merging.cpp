#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <vector>

#include "ops/shape_check.h"
#include "ops/token_matching.h"
#include "ops/token_merging.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;
using Seeds = std::vector<std::uint64_t>;

struct Case {
  std::int64_t batch, height, width, channels;
  double ratio;

  std::int64_t count() const { return height * width; }
  at::Tensor tokens() const {
    return random_tensor({batch, count(), channels}, static_cast<unsigned>(count() + channels));
  }
  Seeds seeds() const {
    Seeds out(static_cast<std::size_t>(batch));
    std::iota(out.begin(), out.end(), 7);
    return out;
  }
};

const Case kCases[] = {{2, 8, 12, 40, 0.5},  {3, 7, 9, 33, 0.4},    {1, 16, 16, 320, 0.75},
                       {2, 24, 20, 17, 0.3}, {2, 6, 6, 16, 1.0},    {1, 2, 2, 5, 0.25},
                       {2, 1, 1, 8, 0.5},    {1, 1, 6, 8, 0.5},     {2, 3, 3, 1, 0.6},
                       {2, 5, 4, 12, 0.0},   {1, 4, 4, 3, 0.05},    {1, 3, 2, 20, 1.0},
                       {1, 30, 28, 1, 0.7},  {1, 20, 20, 1300, 0.5}};

// The token that each token of a picture [N, C] goes to.
std::vector<std::int64_t> naive_joins(const at::Tensor& tokens, const Case& of, std::uint64_t seed) {
  const TokenSplit split = split_tokens(of.height, of.width, seed);
  std::vector<std::int64_t> joins(static_cast<std::size_t>(of.count()));
  std::iota(joins.begin(), joins.end(), 0);
  const at::Tensor units = tokens.div(tokens.norm(2, {1}, true)), cosines = units.matmul(units.t());
  const auto cosine = cosines.accessor<double, 2>();
  struct Edge {
    double cosine;
    std::int64_t source, destination;
  };
  std::vector<Edge> edges;
  for (const std::int64_t source : split.sources) {
    Edge best{-2, source, source};
    for (const std::int64_t destination : split.destinations) {
      const double now = cosine[source][destination];
      if (now > best.cosine) best = {now, source, destination};
    }
    edges.push_back(best);
  }
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& a, const Edge& b) { return a.cosine > b.cosine; });
  const auto joining = static_cast<std::size_t>(of.ratio * static_cast<double>(of.count()));
  edges.resize(std::min(edges.size(), joining));
  for (const Edge& edge : edges) joins[static_cast<std::size_t>(edge.source)] = edge.destination;
  return joins;
}

// Each token's mean over all that go where it goes.
at::Tensor naive_means(const at::Tensor& tokens, const Case& of) {
  const at::Tensor precise = tokens.to(at::kDouble);
  at::Tensor out = precise.clone();
  for (std::int64_t row = 0; row < of.batch; ++row) {
    const auto joins = naive_joins(precise[row], of, of.seeds()[static_cast<std::size_t>(row)]);
    const at::Tensor to = at::tensor(joins);
    const at::Tensor same = to.unsqueeze(1).eq(to.unsqueeze(0)).to(at::kDouble);
    out[row].copy_(same.matmul(precise[row]).div(same.sum(1, true)));
  }
  return out;
}

std::string name_of(const Case& of) {
  return shape_text(of.tokens()) + " " + std::to_string(of.height) + " x " + std::to_string(of.width) +
         " at " + std::to_string(of.ratio);
}

TEST(TokenMerging, TokensBecomeTheMeansOfThoseTheyAreAlike) {
  for (const Case& of : kCases) {
    SCOPED_TRACE(name_of(of));
    const at::Tensor tokens = of.tokens(), residual = random_tensor(tokens.sizes(), 5);
    const at::Tensor expected = naive_means(tokens, of).add(residual);
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {  // our own kernels, and ATen's
      const TokenGroups groups = group_tokens(tokens.to(type), of.height, of.width, of.ratio, of.seeds());
      const at::Tensor merged = merge_tokens(tokens.to(type), groups);
      EXPECT_EQ(merged.size(1), groups.merged);
      EXPECT_LE(relative_error(unmerge_add(merged, groups, residual.to(type)), expected), 1e-6);
    }
  }
}

TEST(TokenMerging, TheShareThatIsAskedForGoesAsFarAsThereAreCells) {
  const auto left = [](std::int64_t height, std::int64_t width, double ratio) {
    return group_tokens(random_tensor({1, height * width, 8}), height, width, ratio, Seeds{3}).merged;
  };
  EXPECT_EQ(left(8, 8, 0), 64);
  EXPECT_EQ(left(8, 8, 0.5), 32);
  EXPECT_EQ(left(8, 8, 0.51), 32);  // floor(32.64) go
  EXPECT_EQ(left(8, 8, 0.75), 16);
  EXPECT_EQ(left(8, 8, 1), 16);
  EXPECT_EQ(left(5, 7, 1), 6);
  EXPECT_EQ(left(1, 9, 1), 9);
}

TEST(TokenMerging, WithNothingToMergeAllStayWhereTheyAre) {
  const at::Tensor tokens = random_tensor({2, 12, 5});
  const TokenGroups groups = group_tokens(tokens, 3, 4, 0, Seeds{1, 2});
  EXPECT_TRUE(groups.group.equal(at::arange(12).expand({2, 12})));
  EXPECT_TRUE(merge_tokens(tokens, groups).equal(tokens));
}

TEST(TokenMerging, EqualTokensComeBackAsTheyWere) {
  // Whole numbers, whose means are exact; all of a cell are equal, and cells of a column too.
  const at::Tensor columns = random_tensor({4, 24}).mul(10).round();
  const at::Tensor tokens = columns.repeat_interleave(2, 0).repeat({8, 1}).unsqueeze(0);
  for (const double ratio : {0.25, 0.5, 0.75}) {
    const TokenGroups groups = group_tokens(tokens, 8, 8, ratio, Seeds{9});
    const at::Tensor merged = merge_tokens(tokens, groups);
    EXPECT_TRUE(unmerge_add(merged, groups, at::zeros_like(tokens)).equal(tokens)) << ratio;
  }
}

TEST(TokenMerging, ASeedDecidesAlone) {
  const at::Tensor row = random_tensor({1, 64, 16}), tokens = row.repeat({3, 1, 1});
  const at::Tensor group = group_tokens(tokens, 8, 8, 0.5, Seeds{5, 6, 5}).group;
  EXPECT_TRUE(group[0].equal(group[2]));
  EXPECT_FALSE(group[0].equal(group[1]));
  EXPECT_TRUE(group[1].equal(group_tokens(row, 8, 8, 0.5, Seeds{6}).group[0]));
}

TEST(TokenMerging, DestinationsAreThoseOfSplitMix64) {
  // Of seed 0 it begins with e220a839..., 6e789e6a..., 06c45d18..., f88bb8a8...: picks 3, 1, 0 and 3.
  const TokenSplit split = split_tokens(2, 9, 0);
  EXPECT_THAT(split.destinations, testing::ElementsAre(10, 3, 4, 16));
  EXPECT_THAT(split.sources, testing::ElementsAre(0, 1, 2, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17));
}

TEST(TokenMerging, TokensThatAreNoNumbersOrZerosAreGroupedToo) {
  const at::Tensor tokens = random_tensor({1, 36, 8});
  for (const double value : {0.0, std::numeric_limits<double>::quiet_NaN()}) {
    tokens.narrow(1, 3, 20).fill_(value);
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      const TokenGroups groups = group_tokens(tokens.to(type), 6, 6, 0.5, Seeds{1});
      EXPECT_EQ(groups.merged, 18);
      EXPECT_EQ(groups.group.min().item<std::int64_t>(), 0);
      EXPECT_EQ(groups.group.max().item<std::int64_t>(), 17);
    }
  }
}

TEST(TokenMerging, HalfPrecisionIsSummedInFloat32) {
  const at::Tensor tokens = random_tensor({2, 64, 24}).mul(1000).to(at::kBFloat16);
  const TokenGroups groups = group_tokens(tokens, 8, 8, 0.7, Seeds{1, 2});
  const at::Tensor merged = merge_tokens(tokens, groups);
  EXPECT_EQ(merged.scalar_type(), at::kBFloat16);
  const double rounded_once = 1.0 / 256;
  EXPECT_LE(relative_error(merged, merge_tokens(tokens.to(at::kFloat), groups)), rounded_once);
}

TEST(TokenMerging, WhatDoesNotFitIsNamed) {
  const at::Tensor tokens = random_tensor({2, 12, 5});
  const auto group = [&](std::int64_t height, double ratio, const Seeds& seeds) {
    return message_of([&] { group_tokens(tokens, height, 4, ratio, seeds); });
  };
  EXPECT_THAT(group(4, 0.5, {1, 2}),
              HasSubstr("group_tokens: tokens: expected [B, 4 * 4, C], got [2, 12, 5]"));
  EXPECT_THAT(group(3, 0.5, {1}), HasSubstr("group_tokens: seeds: expected 2, got 1"));
  EXPECT_THAT(group(3, 1.5, {1, 2}), HasSubstr("group_tokens: ratio: expected 0 to 1, got 1.5"));
  EXPECT_THAT(group(3, std::nan(""), {1, 2}), HasSubstr("got nan"));
  const TokenGroups groups = group_tokens(tokens, 3, 4, 0.5, Seeds{1, 2});
  EXPECT_THAT(message_of([&] { merge_tokens(tokens.narrow(1, 0, 11), groups); }),
              HasSubstr("merge_tokens: tokens: expected [2, 12, C], got [2, 11, 5]"));
  EXPECT_THAT(message_of([&] { merge_tokens(tokens, {}); }),
              HasSubstr("groups: expected [B, N], got undefined"));
  const at::Tensor merged = merge_tokens(tokens, groups);
  EXPECT_THAT(message_of([&] { unmerge_add(merged, groups, merged); }),
              HasSubstr("unmerge_add: residual: expected [2, 12, C], got [2, 6, 5]"));
  EXPECT_THAT(message_of([&] { unmerge_add(tokens, groups, tokens); }),
              HasSubstr("unmerge_add: merged: expected [2, 6, 5], got [2, 12, 5]"));
}

}  // namespace
}  // namespace sdw::ops

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "ops/attention.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;

// One head after the other, by the definition, in double.
at::Tensor plain_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                           bool causal) {
  const std::int64_t size = query.size(2) / heads;
  at::Tensor out = query.to(at::kDouble).clone();
  for (int head = 0; head < heads; ++head) {
    const auto part = [&](const at::Tensor& tokens) {
      return tokens.narrow(2, head * size, size).to(at::kDouble);
    };
    at::Tensor scores =
        part(query).matmul(part(key).transpose(1, 2)).div(std::sqrt(static_cast<double>(size)));
    for (std::int64_t i = 0; causal && i + 1 < key.size(1); ++i) {
      scores.select(1, i)
          .narrow(1, i + 1, key.size(1) - i - 1)
          .fill_(-std::numeric_limits<double>::infinity());
    }
    out.narrow(2, head * size, size).copy_(scores.softmax(-1).matmul(part(value)));
  }
  return out;
}

TEST(Attention, ReadsPartsOfLongerRowsWhereTheyLie) {
  const std::vector<at::Tensor> qkv = random_tensor({2, 37, 3 * 24}).chunk(3, -1);
  const at::Tensor got = attention(qkv[0], qkv[1], qkv[2], 3, Precision::exact);
  EXPECT_TRUE(got.equal(
      attention(qkv[0].contiguous(), qkv[1].contiguous(), qkv[2].contiguous(), 3, Precision::exact)));
  EXPECT_LT(relative_error(got, plain_attention(qkv[0], qkv[1], qkv[2], 3, false)), 1e-5);
}

TEST(Attention, EqualsTheDefinition) {
  for (const auto& [queries, keys, heads, size] :
       {std::tuple{64, 64, 8, 40}, {16, 77, 2, 64}, {1, 1, 1, 3}, {50, 33, 1, 160}}) {
    const at::Tensor query = random_tensor({2, queries, heads * size});
    const at::Tensor key = random_tensor({2, keys, heads * size}, 2),
                     value = random_tensor({2, keys, heads * size}, 3);
    EXPECT_LT(relative_error(attention(query, key, value, heads, Precision::exact),
                             plain_attention(query, key, value, heads, false)),
              1e-5)
        << queries << " queries, " << keys << " keys, " << heads << " heads of " << size;
  }
}

TEST(Attention, CausalSeesNoLaterKey) {
  const at::Tensor query = random_tensor({2, 77, 32}), key = random_tensor({2, 77, 32}, 2);
  const at::Tensor value = random_tensor({2, 77, 32}, 3);
  EXPECT_LT(relative_error(attention(query, key, value, 4, Precision::exact, true),
                           plain_attention(query, key, value, 4, true)),
            1e-5);
}

TEST(Attention, WrongShapesAreNamedWithExpectedAndGot) {
  const at::Tensor query = random_tensor({2, 5, 32});
  EXPECT_THAT(message_of([&] { attention(query, query, query, 5, Precision::exact); }),
              HasSubstr("query: expected [B, Q, a multiple of 5 heads], got [2, 5, 32]"));
  EXPECT_THAT(message_of([&] {
                attention(query, random_tensor({1, 7, 32}), query, 4, Precision::exact);
              }),
              HasSubstr("key: expected [2, K, 32], got [1, 7, 32]"));
  EXPECT_THAT(message_of([&] {
                attention(query, query, random_tensor({2, 6, 32}), 4, Precision::exact);
              }),
              HasSubstr("value: expected [2, 5, 32], got [2, 6, 32]"));
}

}  // namespace
}  // namespace sdw::ops

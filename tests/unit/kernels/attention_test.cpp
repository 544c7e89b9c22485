#include "kernels/cpu/attention.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "kernels/cpu/panel_block.h"
#include "unit/kernels/attention_by_definition.h"
#include "unit/kernels/instruction_sets.h"

namespace sdw::kernels::cpu {
namespace {

struct Case {
  std::size_t batch, queries, keys, heads, head_dim;
  bool causal = false;
  AttentionProducts products = AttentionProducts::f32;
};

void run(const Attention& attention, const AttentionPlan& plan) {
  constexpr std::size_t kLine = 64;
  std::vector<float> memory(plan.shared_floats + plan.thread_floats + kLine / sizeof(float), NAN);
  const std::size_t past_line = reinterpret_cast<std::uintptr_t>(memory.data()) % kLine;
  float* const shared = memory.data() + (kLine - past_line) / sizeof(float);
  for (std::size_t part = 0; part < plan.pack_parts; ++part)
    attention_pack_part(attention, plan, part, shared);
  for (std::size_t part = 0; part < plan.parts; ++part)
    attention_part(attention, plan, part, shared, shared + plan.shared_floats);
}

// Float32: scores of unit normals are a few units, so that an error of 1e-6 in one is one of 1e-6 in its
// exponential. Bfloat16: operands lose 2^-9 each, which the sums average out. Bytes: a row's largest, some 3
// for unit normals, becomes 127, so that operands lose up to 1.2e-2, and probabilities 2e-3 of their largest.
void expect_equal_to_definition(const Case& c) {
  const std::size_t width = c.heads * c.head_dim;
  const auto query = random_values(c.batch * c.queries * width, 1),
             key = random_values(c.batch * c.keys * width, 2),
             value = random_values(c.batch * c.keys * width, 3);
  std::vector<float> output(query.size(), NAN);
  const Attention attention{.query = query.data(),
                            .key = key.data(),
                            .value = value.data(),
                            .output = output.data(),
                            .query_stride = width,
                            .key_stride = width,
                            .batch = c.batch,
                            .heads = c.heads,
                            .queries = c.queries,
                            .keys = c.keys,
                            .head_dim = c.head_dim,
                            .causal = c.causal,
                            .products = c.products};
  const AttentionPlan plan = plan_attention(attention, 2);
  run(attention, plan);
  const std::map<AttentionProducts, double> worst = {
      {AttentionProducts::f32, 5e-6}, {AttentionProducts::bf16, 2e-2}, {AttentionProducts::int8, 4e-2}};
  EXPECT_LT(relative_error(output, attention_by_definition(attention)), worst.at(c.products))
      << c.batch << " x " << c.queries << " x " << c.keys << ", " << c.heads << " heads of " << c.head_dim;
}

void for_all_products(Case c) {
  for (const auto products : {AttentionProducts::f32, AttentionProducts::bf16, AttentionProducts::int8}) {
    c.products = products;
    expect_equal_to_definition(c);
  }
}

TEST(Attention, EqualsTheDefinitionForAnyNumberOfQueriesAndKeys) {
  with_every_instruction_set([] {
    for (const auto queries : {1, 3, 12, 31, 96, 97, 200}) {
      for (const auto keys : {1, 7, 16, 32, 77, 255, 256, 257, 600}) {
        for_all_products({2, static_cast<std::size_t>(queries), static_cast<std::size_t>(keys), 2, 8});
      }
    }
  });
}

TEST(Attention, EqualsTheDefinitionForAnyHeadSize) {
  with_every_instruction_set([] {
    for (const auto dim : {1, 4, 16, 31, 32, 40, 64, 80, 97, 160, 512}) {
      for_all_products({1, 50, 90, 3, static_cast<std::size_t>(dim)});
    }
  });
}

TEST(Attention, CausalSeesOnlyWhatCameBefore) {
  with_every_instruction_set([] {
    for (const auto tokens : {1, 2, 77, 96, 97, 300, 700}) {
      const auto count = static_cast<std::size_t>(tokens);
      for_all_products({2, count, count, 2, 20, true});
    }
  });
}

TEST(Attention, ScoresFarApartDoNotOverflow) {
  with_every_instruction_set([] {
    const float query[] = {1000.0F}, keys[] = {-1000.0F, 1000.0F, 0.0F}, values[] = {1.0F, 2.0F, 3.0F};
    float output = NAN;
    const Attention attention{.query = query,
                              .key = keys,
                              .value = values,
                              .output = &output,
                              .query_stride = 1,
                              .key_stride = 1,
                              .batch = 1,
                              .heads = 1,
                              .queries = 1,
                              .keys = 3,
                              .head_dim = 1};
    const AttentionPlan plan = plan_attention(attention, 1);
    run(attention, plan);
    EXPECT_EQ(output, 2.0F);
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu

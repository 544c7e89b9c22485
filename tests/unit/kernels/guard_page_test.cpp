// Kernels between pages that may not be touched: one byte read or written outside of inputs, weights, outputs
// or scratch is a fault. Random shapes under forced cache sizes and thread counts, each result against the
// definition.
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <iostream>
#include <optional>
#include <random>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panel_conv.h"
#include "kernels/cpu/panel_gemm.h"
#include "kernels/cpu/pointwise.h"
#include "kernels/cpu/winograd.h"
#include "unit/kernels/attention_by_definition.h"
#include "unit/kernels/bf16.h"
#include "unit/kernels/conv_by_definition.h"
#include "unit/kernels/f16.h"
#include "unit/kernels/guarded_memory.h"
#include "unit/kernels/instruction_sets.h"
#include "unit/kernels/int8.h"
#include "unit/kernels/product.h"

namespace sdw::kernels::cpu {
namespace {

constexpr unsigned kSeed = 20261201;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t from(std::size_t least, std::size_t most) { return least + engine_() % (most - least + 1); }
  bool coin() { return engine_() % 2 == 0; }
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return *(values.begin() + engine_() % values.size());
  }

 private:
  std::mt19937 engine_;
};

// What every case varies beside its shape.
struct Setting {
  Guard guard;
  std::size_t threads;
  CacheSizes caches;
};

std::string text_of(const Setting& s) {
  return fmt::format("guard page {}, {} threads, caches {},{}", s.guard == Guard::after ? "after" : "before",
                     s.threads, s.caches.second_level, s.caches.shared);
}

// `run(random, setting, name)` under so many settings and with both guards, on every instruction set.
template <class Run>
void for_settings(std::size_t cases, const Run& run) {
  std::cout << "seed " << kSeed << "\n";
  const CacheSizes machine = cache_sizes();
  with_every_instruction_set([&] {
    for (std::size_t i = 0; i < cases; ++i) {
      for (const Guard guard : {Guard::after, Guard::before}) {
        Random random(kSeed + static_cast<unsigned>(i));
        constexpr std::size_t kKiB = 1024, kMiB = kKiB * kKiB;
        const Setting setting{guard,
                              random.one_of<std::size_t>({1, 2, 7, 64, 256}),
                              {random.one_of({1 * kKiB, 128 * kKiB, 256 * kKiB, 512 * kKiB, kMiB, 1280 * kKiB,
                                              2 * kMiB, 4 * kMiB}),
                               random.one_of({std::size_t{0}, 8 * kMiB, 32 * kMiB, 256 * kMiB})}};
        choose_cache_sizes(setting.caches);
        run(random, setting);
      }
    }
  });
  choose_cache_sizes(machine);
}

// The numbers of a case, when it faults or is wrong.
void expect_right(const std::string& name, const Setting& setting, const std::function<void()>& run,
                  const Guarded<float>& output, const std::vector<double>& expected, double tolerance) {
  if (touches_forbidden_memory(run)) {
    ADD_FAILURE() << name << ", " << text_of(setting) << ": touches memory outside of its operands";
    return;
  }
  EXPECT_LT(relative_error(output.values(), expected), tolerance) << name << ", " << text_of(setting);
}

ProductCase random_product(Random& random) {
  ProductCase c{};
  c.rows = random.one_of<std::size_t>({random.from(1, 20), random.from(1, 400), random.from(200, 700)});
  c.depth = random.from(1, c.rows > 300 ? 90 : 350);
  if (random.from(0, 7) == 0) c.rows = random.from(1, 40), c.depth = random.from(1200, 2700);
  c.geglu = random.from(0, 3) == 0;
  c.columns = c.geglu ? kGegluColumns * random.from(1, 5) : random.from(1, 150);
  c.bias = random.coin();
  c.residual = !c.geglu && random.coin();
  return c;
}

std::string text_of(const ProductCase& c) {
  return fmt::format("{} rows, depth {}, {} columns{}{}{}", c.rows, c.depth, c.columns,
                     c.bias ? ", bias" : "", c.residual ? ", residual" : "", c.geglu ? ", geglu" : "");
}

// Bias and residual of a product, null where the case has none.
struct Additions {
  std::vector<float> bias_values, residual_values;
  std::optional<Guarded<float>> bias, residual;
  Additions(Guard guard, bool with_bias, std::size_t channels, bool with_residual, std::size_t outputs)
      : bias_values(random_values(channels, 3)), residual_values(random_values(outputs, 4)) {
    if (with_bias) bias.emplace(guard, bias_values);
    if (with_residual) residual.emplace(guard, residual_values);
  }
  const float* bias_or_null() const { return bias ? bias->data() : nullptr; }
  const float* residual_or_null() const { return residual ? residual->data() : nullptr; }
};

template <class Product, class RunPart>
std::function<void()> run_product(const Product& gemm, const GemmPlan& plan, const Guarded<float>& scratch,
                                  const RunPart& run_part) {
  return [&gemm, &plan, &scratch, run_part] {
    for (std::size_t part = 0; part < plan.parts; ++part) run_part(gemm, plan, part, scratch.data());
  };
}

template <class Element>
void check_gemm(const ProductCase& c, const Setting& s, const std::vector<Element>& weight,
                const std::vector<float>& known, const Element* Gemm::*field, const char* type) {
  const auto input_values = random_values(c.rows * c.depth, 1);
  const Guarded<float> input(s.guard, input_values);
  const Guarded<Element> from(s.guard, weight), packed(s.guard, packed_size(c.columns, c.depth));
  const Additions added(s.guard, c.bias, c.columns, c.residual, c.rows * c.columns);
  const auto expected =
      product_by_definition(c, input_values, known, added.bias_values, added.residual_values);
  const Guarded<float> output(s.guard, expected.size());
  Gemm gemm{.input = input.data(),
            .bias = added.bias_or_null(),
            .residual = added.residual_or_null(),
            .output = output.data(),
            .rows = c.rows,
            .depth = c.depth,
            .columns = c.columns,
            .geglu = c.geglu};
  gemm.*field = packed.data();
  const GemmPlan plan = plan_gemm(gemm, s.threads);
  const Guarded<float> scratch(s.guard, plan.thread_floats);
  const auto run = run_product(gemm, plan, scratch, gemm_part);
  expect_right(
      fmt::format("gemm {}, {}", type, text_of(c)), s,
      [&] {
        pack_weight(from.data(), c.columns, c.depth, packed.data());
        run();
      },
      output, expected, product_tolerance(c.depth));
}

TEST(GuardPages, Gemm) {
  for_settings(40, [](Random& random, const Setting& setting) {
    const ProductCase c = random_product(random);
    const auto weight = random_values(c.columns * c.depth, 2);
    const auto half = rounded_to_f16(weight);
    const auto rounded = to_nearest_bf16(weight);
    check_gemm<float>(c, setting, weight, weight, &Gemm::f32, "f32");
    check_gemm<Half>(c, setting, f16_of(half), half, &Gemm::f16, "f16");
    check_gemm<std::uint16_t>(c, setting, rounded, widened(rounded), &Gemm::bf16, "bf16");
  });
}

// Operands that a narrow type holds exactly.
struct NarrowOperands {
  std::vector<float> input, weight;
  NarrowOperands(PanelType type, std::size_t rows, std::size_t row, std::size_t columns, std::size_t column)
      : input(type == PanelType::int8 ? exact_inputs(rows, row, 1)
                                      : widened(to_nearest_bf16(random_values(rows * row, 1)))),
        weight(type == PanelType::int8 ? exact_weights(columns, column, 2)
                                       : widened(to_nearest_bf16(random_values(columns * column, 2)))) {}
};

void pack(PanelType type, Guard guard, const std::vector<float>& weight, std::size_t columns,
          std::size_t segments, std::size_t depth, Word* packed) {
  if (type == PanelType::int8) {
    const Guarded<float> from(guard, weight);
    return pack_int8_panels(from.data(), columns, segments, depth, packed);
  }
  const Guarded<std::uint16_t> from(guard, to_nearest_bf16(weight));
  pack_panels(from.data(), columns, segments, depth, packed);
}

TEST(GuardPages, PanelGemm) {
  for_settings(40, [](Random& random, const Setting& s) {
    const ProductCase c = random_product(random);
    for (const auto type : {PanelType::bf16, PanelType::int8}) {
      if (!can_multiply(type)) continue;
      const NarrowOperands given(type, c.rows, c.depth, c.columns, c.depth);
      const Guarded<float> input(s.guard, given.input);
      const Guarded<Word> packed(s.guard, packed_words(type, c.columns, 1, c.depth));
      pack(type, s.guard, given.weight, c.columns, 1, c.depth, packed.data());
      const Additions added(s.guard, c.bias, c.columns, c.residual, c.rows * c.columns);
      const auto expected =
          product_by_definition(c, given.input, given.weight, added.bias_values, added.residual_values);
      const Guarded<float> output(s.guard, expected.size());
      const PanelGemm gemm{.type = type,
                           .input = input.data(),
                           .packed = packed.data(),
                           .bias = added.bias_or_null(),
                           .residual = added.residual_or_null(),
                           .output = output.data(),
                           .rows = c.rows,
                           .depth = c.depth,
                           .columns = c.columns,
                           .geglu = c.geglu};
      const GemmPlan plan = plan_panel_gemm(gemm, s.threads);
      const Guarded<float> scratch(s.guard, plan.thread_floats);
      expect_right(fmt::format("panel_gemm {}, {}", type == PanelType::int8 ? "int8" : "bf16", text_of(c)), s,
                   run_product(gemm, plan, scratch, panel_gemm_part), output, expected,
                   product_tolerance(c.depth));
    }
  });
}

struct ConvCase {
  std::size_t batch, height, width, in_channels, out_channels;
  bool bias, residual, upsample;
  std::size_t scale() const { return upsample ? 2 : 1; }
  std::size_t inputs() const { return batch * height * width * in_channels; }
  std::string text() const {
    return fmt::format("{} of {} x {}, {} to {} channels{}{}{}", batch, height, width, in_channels,
                       out_channels, bias ? ", bias" : "", residual ? ", residual" : "",
                       upsample ? ", upsampled" : "");
  }
};

ConvCase random_conv(Random& random) {
  ConvCase c{random.from(1, 2),  random.from(1, 24), random.from(1, 24), random.from(1, 50),
             random.from(1, 50), random.coin(),      random.coin(),      random.from(0, 2) == 0};
  if (random.from(0, 5) == 0) c.height = random.from(30, 50), c.width = random.from(30, 50), c.batch = 1;
  return c;
}

template <class Conv>
Conv conv_of(const ConvCase& c, const Guarded<float>& input, const Additions& added,
             const Guarded<float>& output) {
  Conv conv;
  conv.input = input.data();
  conv.bias = added.bias_or_null();
  conv.residual = added.residual_or_null();
  conv.output = output.data();
  conv.batch = c.batch;
  conv.in_height = c.height, conv.in_width = c.width, conv.in_channels = c.in_channels;
  conv.out_height = c.scale() * c.height, conv.out_width = c.scale() * c.width;
  conv.out_channels = c.out_channels;
  conv.upsample = c.upsample;
  return conv;
}

template <class From, class Element>
void check_winograd(const ConvCase& c, const Setting& s, const std::vector<From>& weight,
                    const std::vector<float>& known, const Element* WinogradConv::*field, bool exact,
                    const char* type) {
  const Guarded<float> input(s.guard, random_values(c.inputs(), 1));
  const bool bytes = std::is_same_v<Element, std::int8_t>;
  const Guarded<From> from(s.guard, weight);
  const Guarded<Element> packed(s.guard, bytes ? winograd_int8_weight_size(c.out_channels, c.in_channels)
                                               : winograd_weight_size(c.out_channels, c.in_channels));
  const std::size_t outputs = c.batch * c.height * c.width * c.scale() * c.scale() * c.out_channels;
  const Additions added(s.guard, c.bias, c.out_channels, c.residual, outputs);
  const Guarded<float> output(s.guard, outputs);
  auto conv = conv_of<WinogradConv>(c, input, added, output);
  conv.*field = packed.data();
  conv.exact = exact;
  const WinogradPlan plan = plan_winograd(conv, s.threads);
  const Guarded<float> shared(s.guard, plan.shared_floats), own(s.guard, plan.thread_floats);
  const bool narrow = sizeof(Element) < sizeof(float) && !std::is_same_v<Element, Half> && !exact &&
                      can_multiply(PanelType::bf16);
  // As in the tests of Winograd's convolutions.
  const double tolerance = narrow ? 4e-2 : plan.out_tile == 6 ? 4e-5 : 1e-5;
  expect_right(
      fmt::format("winograd {}, {}", type, c.text()), s,
      [&] {
        pack_winograd_weight(from.data(), c.out_channels, c.in_channels, packed.data());
        for (std::size_t chunk = 0; chunk < plan.chunks; ++chunk) {
          for (std::size_t part = 0; part < plan.first_parts; ++part) {
            winograd_first_part(conv, plan, chunk, part, shared.data());
          }
          for (std::size_t part = 0; part < plan.second_parts; ++part) {
            winograd_second_part(conv, plan, chunk, part, shared.data(), own.data());
          }
        }
      },
      output, conv_by_definition(conv, known), tolerance);
}

TEST(GuardPages, Winograd) {
  for_settings(30, [](Random& random, const Setting& setting) {
    const ConvCase c = random_conv(random);
    const std::size_t filter = 9 * c.in_channels;
    const auto weight = random_values(c.out_channels * filter, 2);
    const auto half = rounded_to_f16(weight);
    const auto rounded = to_nearest_bf16(weight);
    const auto bytes = exact_weights(c.out_channels, filter, 2);
    using Conv = WinogradConv;
    check_winograd<float, float>(c, setting, weight, weight, &Conv::weight, false, "f32");
    check_winograd<Half, Half>(c, setting, f16_of(half), half, &Conv::f16_weight, false, "f16");
    for (const bool exact : {false, true}) {
      check_winograd<std::uint16_t, std::uint16_t>(c, setting, rounded, widened(rounded), &Conv::bf16_weight,
                                                   exact, exact ? "exact bf16" : "bf16");
    }
    check_winograd<float, std::int8_t>(c, setting, bytes, bytes, &Conv::int8_weight, false, "int8");
  });
}

TEST(GuardPages, PanelConv) {
  for_settings(30, [](Random& random, const Setting& s) {
    ConvCase c = random_conv(random);
    const std::size_t stride = c.upsample ? 1 : random.from(1, 2),
                      padding = stride == 1 ? 1 : random.from(0, 1);
    for (const auto type : {PanelType::bf16, PanelType::int8}) {
      if (!can_multiply(type)) continue;
      const NarrowOperands given(type, 1, c.inputs(), c.out_channels, 9 * c.in_channels);
      const Guarded<float> input(s.guard, given.input);
      const Guarded<Word> packed(s.guard, packed_words(type, c.out_channels, 9, c.in_channels));
      pack(type, s.guard, given.weight, c.out_channels, 9, c.in_channels, packed.data());
      const std::size_t height = (c.scale() * c.height + stride - 1) / stride,
                        width = (c.scale() * c.width + stride - 1) / stride;
      const std::size_t outputs = c.batch * height * width * c.out_channels;
      const Additions added(s.guard, c.bias, c.out_channels, c.residual, outputs);
      const Guarded<float> output(s.guard, outputs);
      auto conv = conv_of<PanelConv>(c, input, added, output);
      conv.type = type, conv.packed = packed.data();
      conv.out_height = height, conv.out_width = width;
      conv.stride = stride, conv.padding = padding;
      const PanelConvPlan plan = plan_panel_conv(conv);
      const Guarded<float> scratch(s.guard, plan.thread_floats);
      // Bytes of a part's rows share a scale: they are exact only where those rows have the whole range.
      const double tolerance = type == PanelType::int8 ? 2e-2 : product_tolerance(9 * c.in_channels);
      expect_right(
          fmt::format("panel_conv {}, {}, stride {}", type == PanelType::int8 ? "int8" : "bf16", c.text(),
                      stride),
          s,
          [&] {
            for (std::size_t part = 0; part < plan.parts; ++part) {
              panel_conv_part(conv, plan, part, scratch.data());
            }
          },
          output, conv_by_definition(conv, given.weight), tolerance);
    }
  });
}

TEST(GuardPages, Attention) {
  for_settings(40, [](Random& random, const Setting& s) {
    Attention a;
    a.batch = random.from(1, 2), a.heads = random.from(1, 3), a.head_dim = random.from(1, 70);
    a.causal = random.from(0, 3) == 0;
    a.queries = random.from(1, random.coin() ? 20 : 260);
    a.keys = a.causal ? a.queries : random.from(1, random.coin() ? 20 : 300);
    const std::size_t width = a.heads * a.head_dim;
    // Rows may be parts of longer ones, whose last ends with its part.
    a.query_stride = width + (random.coin() ? random.from(1, 40) : 0);
    a.key_stride = width + (random.coin() ? random.from(1, 40) : 0);
    const auto rows = [&](std::size_t count, std::size_t stride, unsigned seed) {
      auto values = random_values(a.batch * count * stride, seed);
      values.resize(values.size() - (stride - width));
      return values;
    };
    const Guarded<float> query(s.guard, rows(a.queries, a.query_stride, 1)),
        key(s.guard, rows(a.keys, a.key_stride, 2)), value(s.guard, rows(a.keys, a.key_stride, 3)),
        output(s.guard, a.batch * a.queries * width);
    a.query = query.data(), a.key = key.data(), a.value = value.data(), a.output = output.data();
    const auto expected = attention_by_definition(a);
    const std::initializer_list<std::pair<AttentionProducts, double>> worst = {
        {AttentionProducts::f32, 5e-6}, {AttentionProducts::bf16, 2e-2}, {AttentionProducts::int8, 4e-2}};
    for (const auto& [products, tolerance] : worst) {
      a.products = products;
      const AttentionPlan plan = plan_attention(a, s.threads);
      const Guarded<float> shared(s.guard, plan.shared_floats), own(s.guard, plan.thread_floats);
      expect_right(
          fmt::format("attention {}, {} of {} queries, {} keys, {} heads of {}{}", static_cast<int>(products),
                      a.batch, a.queries, a.keys, a.heads, a.head_dim, a.causal ? ", causal" : ""),
          s,
          [&] {
            for (std::size_t part = 0; part < plan.pack_parts; ++part) {
              attention_pack_part(a, plan, part, shared.data());
            }
            for (std::size_t part = 0; part < plan.parts; ++part) {
              attention_part(a, plan, part, shared.data(), own.data());
            }
          },
          output, expected, tolerance);
    }
  });
}

TEST(GuardPages, GroupNorm) {
  for_settings(40, [](Random& random, const Setting& s) {
    GroupNorm norm;
    norm.batch = random.from(1, 2), norm.groups = random.from(1, 4);
    norm.channels = norm.groups * random.from(1, 40), norm.pixels = random.from(2, random.coin() ? 30 : 900);
    norm.eps = 1e-5;
    const std::size_t count = norm.batch * norm.pixels * norm.channels;
    const Guarded<float> input(s.guard, random_values(count, 1)),
        shift(s.guard, std::vector<float>(norm.batch * norm.channels)),
        weight(s.guard, std::vector<float>(norm.channels, 1.0F)),
        bias(s.guard, std::vector<float>(norm.channels)), output(s.guard, count);
    norm.input = input.data(), norm.weight = weight.data(), norm.bias = bias.data(),
    norm.output = output.data();
    if (random.coin()) norm.shift = shift.data();
    const std::size_t group = norm.channels / norm.groups;
    std::vector<double> expected(count);
    for (std::size_t b = 0; b < norm.batch; ++b) {
      for (std::size_t first = 0; first < norm.channels; first += group) {
        const auto at = [&](std::size_t i) {
          return (b * norm.pixels + i / group) * norm.channels + first + i % group;
        };
        const std::size_t values = norm.pixels * group;
        double mean = 0, variance = 0;
        for (std::size_t i = 0; i < values; ++i) mean += norm.input[at(i)];
        mean /= static_cast<double>(values);
        for (std::size_t i = 0; i < values; ++i) variance += std::pow(norm.input[at(i)] - mean, 2);
        variance /= static_cast<double>(values);
        for (std::size_t i = 0; i < values; ++i) {
          expected[at(i)] = (norm.input[at(i)] - mean) / std::sqrt(variance + norm.eps);
        }
      }
    }
    const GroupNormPlan plan = plan_group_norm(norm);
    const Guarded<float> scratch(s.guard, plan.scratch_floats);
    expect_right(
        fmt::format("group_norm, {} of {} pixels, {} channels", norm.batch, norm.pixels, norm.channels), s,
        [&] {
          for (std::size_t i = 0; i < plan.parts; ++i)
            group_norm_statistics_part(norm, plan, i, scratch.data());
          group_norm_finish(norm, plan, scratch.data());
          for (std::size_t i = 0; i < plan.parts; ++i) group_norm_apply_part(norm, plan, i, scratch.data());
        },
        output, expected, 1e-3);
  });
}

TEST(GuardPages, LayerNorm) {
  for_settings(40, [](Random& random, const Setting& s) {
    const std::size_t rows = random.from(1, 20), width = random.from(2, 300);
    const auto values = random_values(rows * width, 1);
    const Guarded<float> input(s.guard, values), weight(s.guard, std::vector<float>(width, 1.0F)),
        bias(s.guard, std::vector<float>(width)), output(s.guard, values.size());
    std::vector<double> expected(values.size());
    for (std::size_t r = 0; r < rows; ++r) {
      double mean = 0, variance = 0;
      const float* const row = values.data() + r * width;
      for (std::size_t i = 0; i < width; ++i) mean += row[i] / static_cast<double>(width);
      for (std::size_t i = 0; i < width; ++i)
        variance += std::pow(row[i] - mean, 2) / static_cast<double>(width);
      for (std::size_t i = 0; i < width; ++i)
        expected[r * width + i] = (row[i] - mean) / std::sqrt(variance + 1e-5);
    }
    expect_right(
        fmt::format("layer_norm, {} rows of {}", rows, width), s,
        [&] { layer_norm(input.data(), rows, width, weight.data(), bias.data(), 1e-5, output.data()); },
        output, expected, 1e-4);
  });
}

// The guard itself must be seen to work.
TEST(GuardPages, AreNoticed) {
  const Guarded<float> after(Guard::after, 3), before(Guard::before, 3);
  EXPECT_FALSE(touches_forbidden_memory([&] { after.data()[2] = before.data()[0] = 1.0F; }));
  EXPECT_TRUE(touches_forbidden_memory([&] { static_cast<volatile float*>(after.data())[3] = 1.0F; }));
  EXPECT_TRUE(touches_forbidden_memory([&] { static_cast<volatile float*>(before.data())[-1] = 1.0F; }));
}

}  // namespace
}  // namespace sdw::kernels::cpu

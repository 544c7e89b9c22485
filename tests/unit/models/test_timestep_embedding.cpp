#include <ATen/ops/tensor.h>
#include <cmath>
#include <gtest/gtest.h>

#include "models/timestep_embedding.h"

namespace sdw::models {
namespace {

TEST(SinusoidalEmbedding, EqualsTheFormula) {
  const at::Tensor timesteps = at::tensor({0.0, 1.0, 999.0, 12.5}, at::TensorOptions().dtype(at::kDouble));
  for (const auto& [channels, flip, shift] : {std::tuple{320, true, 0.0}, {6, false, 1.0}, {7, true, 0.0}}) {
    const at::Tensor got = sinusoidal_embedding(timesteps, channels, flip, shift);
    ASSERT_EQ(got.sizes(), at::IntArrayRef({4, channels}));
    const int half = channels / 2;
    for (int row = 0; row < 4; ++row) {
      for (int i = 0; i < half; ++i) {
        const double angle = timesteps[row].item<double>() * std::exp(-std::log(1e4) * i / (half - shift));
        // float32 angles of up to 999 are off by 3e-5.
        EXPECT_NEAR(got[row][flip ? half + i : i].item<double>(), std::sin(angle), 2e-4) << row << ", " << i;
        EXPECT_NEAR(got[row][flip ? i : half + i].item<double>(), std::cos(angle), 2e-4) << row << ", " << i;
      }
    }
    if (channels % 2 == 1) {
      EXPECT_EQ(got.select(1, channels - 1).abs().sum().item<double>(), 0);
    }
  }
}

}  // namespace
}  // namespace sdw::models

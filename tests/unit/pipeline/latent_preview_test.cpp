#include "pipeline/latent_preview.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "pipeline/latents.h"
#include "schedulers/registry.h"

namespace sdw::pipeline {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::path(testing::TempDir()) / "sdw_latent_preview") {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  void write(const char* text) const { std::ofstream(path / "latent_preview.json") << text; }
  fs::path path;
};

TEST(LatentPreview, a_family_has_its_published_map_and_other_latents_none) {
  const Folder folder;
  const auto sd1 = read_latent_preview(folder.path, ModelFamily::sd1, 4);
  const auto sdxl = read_latent_preview(folder.path, ModelFamily::sdxl, 4);
  ASSERT_TRUE(sd1.ok() && sdxl.ok());
  EXPECT_EQ(sd1->factors.size(), 4U);
  EXPECT_NE(sd1->factors, sdxl->factors);
  EXPECT_TRUE(read_latent_preview(folder.path, ModelFamily::sd1, 16)->factors.empty());
}

TEST(LatentPreview, a_model_may_bring_its_own_map) {
  const Folder folder;
  folder.write(R"({"factors": [[1, 2, 3], [4, 5, 6]], "bias": [0.5, 0, -1]})");
  const auto own = read_latent_preview(folder.path, ModelFamily::sd1, 2);
  ASSERT_TRUE(own.ok()) << own.error().message;
  EXPECT_EQ(own->factors[1][2], 6);
  EXPECT_EQ(own->bias[0], 0.5);
}

TEST(LatentPreview, a_map_that_does_not_fit_is_refused) {
  const Folder folder;
  for (const char* text : {"[]", "{", R"({"factors": [[1, 2, 3]], "bias": [0, 0, 0]})",
                           R"({"factors": [[1, 2], [3, 4]], "bias": [0, 0, 0]})",
                           R"({"factors": [[1, 2, 3], [1, 2, "3"]], "bias": [0, 0, 0]})",
                           R"({"factors": [[1, 2, 3], [1, 2, 3]]})"}) {
    folder.write(text);
    const auto map = read_latent_preview(folder.path, ModelFamily::sd1, 2);
    ASSERT_FALSE(map.ok()) << text;
    EXPECT_EQ(map.error().code, ErrorCode::model_invalid) << text;
  }
}

TEST(LatentPreview, a_picture_is_the_map_of_each_latent) {
  const LatentPreview preview{{{1, 0, 0.5}, {0, 1, 0}}, {-1, 0, 0}};
  const auto latents = at::tensor({1.0F, 0.0F, 0.5F, -5.0F}).view({1, 2, 1, 2});
  const io::Picture picture = preview_picture(preview, latents);
  EXPECT_EQ(picture.width, 2);
  EXPECT_EQ(picture.height, 1);
  // (1, .5) -> (0, .5, .5); (0, -5) -> (-1, -5 clamped, 0); [-1, 1] -> 0..255, halves to even.
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{128, 191, 191, 0, 0, 128}));
}

// The answer of a model that knows the noise exactly stands for the clean latents, whatever the sampler's own
// terms.
TEST(LatentPreview, the_clean_latents_are_seen_through_any_sampler) {
  const c10::InferenceMode no_gradients;
  for (const char* prediction : {"epsilon", "v_prediction"}) {
    for (const char* sampler : {"euler", "euler_a", "ddim", "heun", "dpmpp_2m", "unipc"}) {
      SCOPED_TRACE(std::string(sampler) + ", " + prediction);
      const schedulers::SchedulerSettings settings{"DDIMScheduler",
                                                   {{"beta_start", 0.00085},
                                                    {"beta_end", 0.012},
                                                    {"beta_schedule", "scaled_linear"},
                                                    {"prediction_type", prediction}}};
      auto made = schedulers::make_sampler(settings, {.sampler = sampler, .schedule = "", .steps = 10});
      ASSERT_TRUE(made.ok()) << made.error().message;
      Generation generation;
      generation.sampler = std::move(*made);
      generation.generator = seeded_generator(1);
      const auto clean = at::randn({1, 4, 8, 8}, generation.generator);
      const auto noise = at::randn({1, 4, 8, 8}, generation.generator);
      auto& walk = *generation.sampler;
      walk.start(walk.add_noise(clean, noise, 0));
      const auto alpha = (walk.add_noise(clean, noise * 0, 0) / clean).mean().item<double>();
      const auto sigma = (walk.add_noise(clean * 0, noise, 0) / noise).mean().item<double>();
      const double norm = std::hypot(alpha, sigma);
      generation.last_sample = walk.next().sample;
      generation.last_evaluation = 0;
      generation.last_answer =
          prediction == std::string("epsilon") ? noise : (alpha * noise - sigma * clean) / norm;
      const auto error = (predicted_latents(settings, generation) - clean).abs().max().item<double>();
      EXPECT_LT(error, 2e-3) << "float32, divided by a signal of " << alpha / norm;
    }
  }
}

}  // namespace
}  // namespace sdw::pipeline

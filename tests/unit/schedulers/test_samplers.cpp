#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tanh.h>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "request/names.h"
#include "schedulers/registry.h"
#include "schedulers/tables.h"

namespace sdw::schedulers {
namespace {

SchedulerSettings stable_diffusion() {
  return {"PNDMScheduler",
          {{"beta_start", 0.00085},
           {"beta_end", 0.012},
           {"beta_schedule", "scaled_linear"},
           {"skip_prk_steps", true},
           {"set_alpha_to_one", false},
           {"steps_offset", 1},
           {"clip_sample", false}}};
}

at::Tensor randn(std::uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randn({1, 4, 4, 4}, generator, at::TensorOptions(at::kFloat));
}

// The whole path; `stops_after` evaluations the latents are taken out and put back.
std::vector<at::Tensor> walk(Sampler& sampler, std::size_t stops_after = 0) {
  auto generator = at::detail::createCPUGenerator(3);
  sampler.start(randn(1).mul(sampler.init_noise_sigma()));
  std::vector<at::Tensor> path;
  while (!sampler.done()) {
    sampler.advance(at::tanh(sampler.next().sample), generator);
    if (path.size() + 1 == stops_after) sampler.set_latents(sampler.latents().clone());
    path.push_back(sampler.latents());
  }
  return path;
}

TEST(Samplers, TheNamesPeopleUseAndTheMakersAreTheSameSet) {
  std::vector<std::string_view> made, named;
  for (const SamplerRow& row : sampler_rows()) made.push_back(row.id);
  for (const auto& entry : request::sampler_names()) named.push_back(entry.id);
  EXPECT_THAT(made, testing::ElementsAreArray(named));
  made.clear(), named.clear();
  for (const ScheduleRow& row : schedule_rows()) made.push_back(row.id);
  for (const auto& entry : request::schedule_names()) named.push_back(entry.id);
  EXPECT_THAT(made, testing::ElementsAreArray(named));
}

TEST(Samplers, AClassOfDiffusersNamesTheFirstSamplerMadeOfIt) {
  std::string_view last;
  for (const SamplerRow& row : sampler_rows()) {
    if (row.class_name == last) continue;
    last = row.class_name;
    const auto id = request::canonical_sampler(row.class_name);
    EXPECT_EQ(id ? *id : id.error().message, row.id) << row.class_name;
  }
}

TEST(Samplers, EndAfterAnyNumberOfStepsWithFiniteLatents) {
  for (const auto& entry : request::sampler_names()) {
    for (const auto& schedule : request::schedule_names()) {
      for (const int steps : {1, 2, 3, 14, 15, 50}) {
        const std::string name =
            std::string(entry.id) + "/" + std::string(schedule.id) + "/" + std::to_string(steps);
        auto sampler =
            make_sampler(stable_diffusion(), {std::string(entry.id), std::string(schedule.id), steps});
        ASSERT_TRUE(sampler) << name << ": " << sampler.error().message;
        EXPECT_EQ((*sampler)->steps(), steps) << name;
        EXPECT_EQ((*sampler)->steps_done(), 0) << name;
        const auto path = walk(**sampler);
        EXPECT_EQ((*sampler)->steps_done(), steps) << name;
        EXPECT_TRUE(std::isfinite(path.back().abs().sum().item<double>())) << name;
      }
    }
  }
}

TEST(Samplers, GiveTheSamePathWhenStartedAgain) {
  for (const auto& entry : request::sampler_names()) {
    auto sampler = value_or_throw(make_sampler(stable_diffusion(), {std::string(entry.id), "", 6}));
    const auto first = walk(*sampler);
    const auto second = walk(*sampler);
    for (std::size_t i = 0; i < first.size(); ++i)
      EXPECT_TRUE(at::equal(first[i], second[i])) << entry.id << " " << i;
  }
}

TEST(Samplers, LeaveTheLatentsTheyWereGivenAsTheyWere) {
  for (const auto& entry : request::sampler_names()) {
    auto sampler = value_or_throw(make_sampler(stable_diffusion(), {std::string(entry.id), "", 4}));
    auto generator = at::detail::createCPUGenerator(3);
    const at::Tensor latents = randn(1);
    const at::Tensor answer = randn(2);
    sampler->start(latents);
    while (!sampler->done()) sampler->advance(answer, generator);
    EXPECT_TRUE(at::equal(latents, randn(1))) << entry.id;
    EXPECT_TRUE(at::equal(answer, randn(2))) << entry.id;
  }
}

TEST(Samplers, CanBeLookedAtBetweenEvaluationsWithoutChangingThePicture) {
  for (const auto& entry : request::sampler_names()) {
    auto sampler = value_or_throw(make_sampler(stable_diffusion(), {std::string(entry.id), "", 6}));
    const auto plain = walk(*sampler);
    const auto stopped = walk(*sampler, /*stops_after=*/3);
    EXPECT_TRUE(at::equal(plain.back(), stopped.back())) << entry.id;
  }
}

TEST(Samplers, RunFewerStepsAtLowerStrength) {
  for (const auto& entry : request::sampler_names()) {
    auto sampler = value_or_throw(make_sampler(stable_diffusion(), {std::string(entry.id), "", 20, 0.3}));
    EXPECT_EQ(sampler->steps(), 6) << entry.id;
    walk(*sampler);
    EXPECT_EQ(sampler->steps_done(), 6) << entry.id;
  }
}

TEST(Samplers, RefuseWhatLeavesNoStepOrTooMany) {
  const auto param = [](const SamplerOptions& options) {
    auto sampler = make_sampler(stable_diffusion(), options);
    EXPECT_FALSE(sampler);
    EXPECT_EQ(sampler ? ErrorCode::internal_error : sampler.error().code, ErrorCode::invalid_request);
    return sampler ? "" : sampler.error().param;
  };
  EXPECT_EQ(param({"euler", "", 0}), "steps");
  EXPECT_EQ(param({"euler", "", -1}), "steps");
  EXPECT_EQ(param({"euler", "", 1000000000}), "steps");
  EXPECT_EQ(param({"lcm", "", 51}), "steps");
  EXPECT_EQ(param({"ddim", "leading", 1000}), "steps");  // and steps_offset 1: timestep 1000
  EXPECT_EQ(param({"euler", "", 20, 0.0}), "strength");
  EXPECT_EQ(param({"euler", "", 20, 0.04}), "strength");
  EXPECT_EQ(param({"euler", "", 20, std::nan("")}), "strength");
  EXPECT_EQ(param({"euler", "", 20, 2.0}), "strength");
  EXPECT_EQ(param({"nothing", "", 20}), "sampler");
  EXPECT_EQ(param({"", "nothing", 20}), "schedule");
}

TEST(Samplers, SayWhichPredictionTypeTheyCannotRun) {
  auto settings = stable_diffusion();
  settings.fields["prediction_type"] = "sample";
  const auto sampler = make_sampler(settings, {"euler_a", "", 20});
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(sampler.error().param, "sampler");
  EXPECT_THAT(sampler.error().message, testing::HasSubstr("sample"));
}

}  // namespace
}  // namespace sdw::schedulers

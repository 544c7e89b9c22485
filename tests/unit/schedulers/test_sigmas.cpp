#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

#include "schedulers/sigmas.h"
#include "schedulers/timesteps.h"

namespace sdw::schedulers {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(Timesteps, AreSpacedAsThePaperSays) {
  EXPECT_THAT(discrete_timesteps({"linspace", 0, 1000}, 5), ElementsAre(999, 749, 500, 250, 0));
  EXPECT_THAT(discrete_timesteps({"leading", 1, 1000}, 5), ElementsAre(801, 601, 401, 201, 1));
  EXPECT_THAT(discrete_timesteps({"trailing", 0, 1000}, 5), ElementsAre(999, 799, 599, 399, 199));
  EXPECT_THAT(multistep_timesteps({"leading", 1, 1000}, 4, 1000), ElementsAre(801, 601, 401, 201));
}

TEST(Timesteps, OneStepIsPossibleWithEverySpacing) {
  EXPECT_THAT(discrete_timesteps({"linspace", 0, 1000}, 1), ElementsAre(0));
  EXPECT_THAT(discrete_timesteps({"leading", 1, 1000}, 1), ElementsAre(1));
  EXPECT_THAT(discrete_timesteps({"trailing", 0, 1000}, 1), ElementsAre(999));
  EXPECT_THAT(multistep_timesteps({"linspace", 0, 1000}, 1, 1000), ElementsAre(999));
}

TEST(Timesteps, ArangeHasNumPysLastBit) {
  EXPECT_EQ(arange(1000, 0, -1000.0 / 61).size(), 62U);
  EXPECT_EQ(arange(1000, 0, -1000.0 / 60).size(), 60U);
}

TEST(Sigmas, OfEverySpreadReachFromTheHighestToTheLowest) {
  for (auto* spread : {karras_sigmas, exponential_sigmas, beta_sigmas}) {
    const auto sigmas = spread(14.6, 0.03, 9);
    ASSERT_EQ(sigmas.size(), 9U);
    EXPECT_NEAR(sigmas.front(), 14.6, 1e-12);
    EXPECT_NEAR(sigmas.back(), 0.03, 1e-12);
    for (std::size_t i = 1; i < sigmas.size(); ++i) EXPECT_LT(sigmas[i], sigmas[i - 1]) << i;
    EXPECT_THAT(spread(14.6, 0.03, 1), ElementsAre(DoubleNear(14.6, 1e-12)));
  }
}

TEST(Sigmas, BetaQuantilesAreThoseOfScipy) {
  // scipy.stats.beta.ppf(x, 0.6, 0.6) for x = 1, 0.75, 0.5, 0.25, 0
  EXPECT_THAT(beta_sigmas(1, 0, 5),
              ElementsAre(DoubleNear(1, 1e-15), DoubleNear(0.824319621347305, 1e-13), DoubleNear(0.5, 1e-14),
                          DoubleNear(0.17568037865269498, 1e-13), DoubleNear(0, 1e-15)));
}

TEST(Sigmas, ComeBackAsTheTimestepsTheyAreFrom) {
  const std::vector<float> sigmas = {0.1F, 0.2F, 0.5F, 2, 8};
  const auto logs = log_of(sigmas);
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    EXPECT_NEAR(sigma_to_timestep(static_cast<double>(sigmas[i]), logs), static_cast<double>(i), 1e-6);
    EXPECT_NEAR(sigma_to_timestep(sigmas[i], logs), static_cast<float>(i), 1e-6F);
  }
  EXPECT_EQ(sigma_to_timestep(0.0, logs), 0);
  EXPECT_EQ(sigma_to_timestep(1e9, logs), 4);
  EXPECT_NEAR(sigma_to_timestep(std::sqrt(0.02), logs), 0.5, 1e-6);
}

TEST(Sigmas, AreHeldAtBothEndsOfTheTrainingRange) {
  const std::vector<float> sigmas = {1, 2, 4};
  EXPECT_THAT(interpolate_sigmas(std::vector<double>{-1, 0, 0.5, 1.25, 2, 7}, sigmas),
              ElementsAre(1, 1, 1.5, 2.5, 4, 4));
}

}  // namespace
}  // namespace sdw::schedulers

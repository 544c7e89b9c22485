#include "unit/kernels/instruction_sets.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <hwy/highway.h>

namespace sdw::kernels::cpu {

void with_every_instruction_set(const std::function<void()>& body) {
  int tried = 0;
  for (std::int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
    ++tried;
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  EXPECT_GT(tried, 0);
}

std::vector<float> random_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return normal(generator); });
  return values;
}

double relative_error(const std::vector<float>& got, const std::vector<double>& expected) {
  double difference = 0, scale = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(got[i] - expected[i]);
    difference = std::isnan(error) ? INFINITY : std::max(difference, error);
    scale = std::max(scale, std::abs(expected[i]));
  }
  return difference / scale;
}

}  // namespace sdw::kernels::cpu

#include "unit/kernels/instruction_sets.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <string>

#include "kernels/cpu/instruction_set.h"

namespace sdw::kernels::cpu {

void with_every_instruction_set(const std::function<void()>& body) {
  std::vector<std::string> here;
  std::string best;
  for (const InstructionSet& set : instruction_sets()) {
    if (set.on_this_cpu) here.push_back(set.name);
    if (set.chosen) best = set.name;
  }
  for (const std::string& name : here) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(choose_instruction_set(name));
    body();
  }
  ASSERT_TRUE(choose_instruction_set(best));
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

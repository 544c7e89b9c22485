#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/memory.h"
#include "models/weights.h"
#include "unit/io/temporary_folder.h"
#include "unit/models/weight_bytes.h"

namespace sdw::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<WrittenTensor> kTensors = {
    {"double", "F64", {2}, 0x3ff0000000000000},
    {"half", "F16", {2, 3}, 0x3c00},
    {"brain", "BF16", {4}, 0x3f80},
    {"single", "F32", {2, 2}, 0x3f800000},
    {"ids", "I64", {1, 77}, 5},
    {"nan", "F16", {3}, 0x7e00},
    {"infinite", "F32", {1}, 0xff800000},
    {"scalar", "F32", {}, 0x3f800000},
    {"empty", "F16", {0, 4}, 0},
};

class Weights : public testing::TestWithParam<bool> {
 protected:
  // Over a mapped file, at odd addresses or even ones.
  Weights() : folder(), weights(open(GetParam())) {}
  WeightMap open(bool odd_start) const {
    folder.write("m.safetensors", safetensors_bytes(kTensors, odd_start));
    return value_or_throw(WeightMap::open(folder.path(), "", "m"));
  }
  std::string problem() const { return weights.problems().empty() ? "" : weights.problems().back().message; }

  TemporaryFolder folder;
  WeightMap weights;
};

INSTANTIATE_TEST_SUITE_P(Alignment, Weights, testing::Bool());

TEST_P(Weights, EveryFloatTypeIsRead) {
  EXPECT_EQ(weights.take("half", {2, 3}).sum().item<double>(), 6);
  EXPECT_EQ(weights.take("brain", {4}).sum().item<double>(), 4);
  EXPECT_EQ(weights.take("single", {2, 2}).sum().item<double>(), 4);
  EXPECT_EQ(weights.take("double", {2}).sum().item<double>(), 2);
  EXPECT_EQ(weights.take("scalar", {}).item<double>(), 1);
  EXPECT_EQ(weights.take("empty", {0, 4}).numel(), 0);
  EXPECT_TRUE(weights.status().ok()) << problem();
  EXPECT_THAT(weights.unused(), ElementsAre("ids", "infinite", "nan"));
}

TEST_P(Weights, ATensorOutlivesItsMapAndItsFile) {
  at::Tensor half;
  {
    WeightMap map = open(GetParam());
    half = map.take("half", {2, 3});
  }
  std::filesystem::remove(folder / "m.safetensors");
  EXPECT_EQ(half.sum().item<double>(), 6);
}

TEST_P(Weights, TakingTwiceGivesTheSame) {
  weights.take("half", {2, 3});
  EXPECT_EQ(weights.take("half", {2, 3}).sum().item<double>(), 6);
}

TEST_P(Weights, WhatIsWrongIsNamedWithExpectedAndGot) {
  EXPECT_FALSE(weights.take("half", {3, 2}).defined());
  EXPECT_EQ(problem(), "half: expected shape [3, 2], got [2, 3]");
  EXPECT_FALSE(weights.take("scalar", {1}).defined());
  EXPECT_EQ(problem(), "scalar: expected shape [1], got []");
  EXPECT_FALSE(weights.take("absent", {7}).defined());
  EXPECT_EQ(problem(), "absent: missing, expected shape [7]");
  EXPECT_FALSE(weights.take("ids", {1, 77}).defined());
  EXPECT_EQ(problem(), "ids: expected F16, BF16, F32 or F64, got I64");
  EXPECT_FALSE(weights.take("nan", {3}).defined());
  EXPECT_EQ(problem(), "nan: holds NaN or infinity");
  EXPECT_FALSE(weights.take("infinite", {1}).defined());
  EXPECT_EQ(problem(), "infinite: holds NaN or infinity");
  EXPECT_EQ(weights.problems().size(), 6u);
}

TEST_P(Weights, TheFirstFewProblemsMakeOneLine) {
  for (const char* name : {"a", "b", "c", "d", "e"}) weights.take(name, {1});
  const Status status = weights.status();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::model_invalid);
  EXPECT_THAT(status.error().message, HasSubstr("a: missing, expected shape [1]; b: missing"));
  EXPECT_THAT(status.error().message, HasSubstr("; and 2 more"));
  EXPECT_THAT(status.error().message, testing::Not(HasSubstr("\n")));
}

TEST_P(Weights, CheckingGivesNoTensorsAndFindsTheSameProblemsOnce) {
  weights.set_mode(TakeMode::check);
  EXPECT_FALSE(weights.take("half", {2, 3}).defined());
  EXPECT_TRUE(weights.status().ok());
  weights.take("absent", {7});
  weights.set_mode(TakeMode::load);
  weights.take("absent", {7});
  EXPECT_EQ(weights.problems().size(), 1u);
}

TEST_P(Weights, ProblemsAreBounded) {
  for (int i = 0; i < 5000; ++i) weights.take("absent " + std::to_string(i), {1});
  EXPECT_EQ(weights.problems().size(), 1000u);
}

TEST_P(Weights, SizesAreKnownWithoutReading) {
  EXPECT_EQ(weights.parameters(), 2 + 6 + 4 + 4 + 3 + 1 + 1);
  EXPECT_EQ(weights.bytes(), 16 + 12 + 8 + 16 + 77 * 8 + 6 + 4 + 4);
  EXPECT_EQ(weights.parameters_by_dtype().at("F16"), 9);
  const auto bytes = [&](ops::Placement where) {
    return prepared_bytes(weights.parameters_by_dtype(), where);
  };
  const auto halves = weights.parameters_by_dtype().at("F16") + weights.parameters_by_dtype().at("BF16");
  EXPECT_EQ(bytes({at::kCPU, at::kFloat}), halves * 2 + (21 - halves) * 4);  // 16 bits stay so
  EXPECT_EQ(bytes({at::kCPU, at::kFloat, ops::Precision::fast}), 21 * 2);
  EXPECT_EQ(bytes({at::kCPU, at::kBFloat16}), 21 * 2);
}

TEST_P(Weights, AChangedWeightCountsAsFloat32) {
  weights.add_change("half", {});
  EXPECT_EQ(weights.parameters_by_dtype().at("F16"), 9 - 6);
  EXPECT_EQ(weights.parameters(), 21);
}

TEST(WeightsOfSeveralFiles, TheSameNameTwiceIsRefused) {
  const std::string bytes = safetensors_bytes({{"a", "F16", {1}, 0}});
  std::vector<io::SafetensorsFile> files;
  files.push_back(value_or_throw(io::SafetensorsFile::parse(bytes_of(bytes))));
  files.push_back(value_or_throw(io::SafetensorsFile::parse(bytes_of(bytes))));
  const auto weights = WeightMap::from_files("unet", files);
  ASSERT_FALSE(weights.ok());
  EXPECT_EQ(weights.error().message, "unet: \"a\" is in two of its files");
}

TEST(WeightsInMemory, KeepTheirBytesWhenATensorIsDropped) {
  const std::string bytes = safetensors_bytes({{"a", "F16", {100000}, 0x3c00}});
  std::vector<io::SafetensorsFile> files;
  files.push_back(value_or_throw(io::SafetensorsFile::parse(bytes_of(bytes))));
  auto weights = value_or_throw(WeightMap::from_files("unet", files));
  weights.take("a", {100000});
  EXPECT_EQ(weights.take("a", {100000}).sum(at::kFloat).item<double>(), 100000);
}

}  // namespace
}  // namespace sdw::models

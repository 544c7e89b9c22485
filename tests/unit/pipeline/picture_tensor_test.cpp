#include "pipeline/picture_tensor.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace sdw::pipeline {
namespace {

TEST(PictureTensor, ValuesAreClampedAndRoundedHalfToEven) {
  // 0 is 127.5 on the way to bytes, exactly between two: the even one is taken.
  const auto row = at::tensor({-3.0F, -1.0F, 0.0F, 1.0F, 7.0F}, at::kFloat);
  const auto picture = tensor_to_image(row.view({1, 1, 5}).expand({3, 1, 5}));
  ASSERT_EQ(picture.width, 5);
  ASSERT_EQ(picture.height, 1);
  const std::vector<int> expected{0, 0, 128, 255, 255};
  for (int x = 0; x < 5; ++x) EXPECT_EQ(picture.pixels[x * 3], expected[x]) << "at " << x;
}

TEST(PictureTensor, APictureSurvivesTheWayThereAndBack) {
  io::Picture picture{3, 2, {}};
  for (int i = 0; i < 18; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * 15));
  const auto tensor = image_to_tensor(picture, 3, 2);
  ASSERT_EQ(tensor.sizes(), (at::IntArrayRef{1, 3, 2, 3}));
  EXPECT_EQ(tensor_to_image(tensor).pixels, picture.pixels);
}

TEST(PictureTensor, AMaskIsOneFromHalfWhiteOn) {
  const io::Picture mask{4, 1, {0, 0, 0, 127, 127, 127, 128, 128, 128, 255, 255, 255}};
  const auto tensor = mask_to_tensor(mask, 4, 1);
  const std::vector<float> expected{0, 0, 1, 1};
  for (int x = 0; x < 4; ++x) EXPECT_EQ(tensor.const_data_ptr<float>()[x], expected[x]) << "at " << x;
}

}  // namespace
}  // namespace sdw::pipeline

#include <cstring>
#include <gtest/gtest.h>
#include <vector>

#include "models/finite.h"

namespace sdw::models {
namespace {

using io::Dtype;

// `count` elements of `filler` with `word` at `position`, starting at an odd address.
bool finite_with(Dtype dtype, std::uint64_t filler, std::uint64_t word, std::size_t position,
                 std::size_t count) {
  const std::size_t size = io::size_of(dtype);
  std::vector<std::byte> bytes(1 + count * size);
  for (std::size_t i = 0; i < count; ++i)
    std::memcpy(&bytes[1 + i * size], i == position ? &word : &filler, size);
  return all_finite(std::span(bytes).subspan(1), dtype);
}

struct Words {
  Dtype dtype;
  std::uint64_t one, largest, smallest, infinity, nan, negative_infinity;
};

constexpr Words kWords[] = {
    {Dtype::f16, 0x3c00, 0xfbff, 0x8001, 0x7c00, 0x7e01, 0xfc00},
    {Dtype::bf16, 0x3f80, 0xff7f, 0x8001, 0x7f80, 0x7fc1, 0xff80},
    {Dtype::f32, 0x3f800000, 0xff7fffff, 0x80000001, 0x7f800000, 0x7fc00001, 0xff800000},
    {Dtype::f64, 0x3ff0000000000000, 0xffefffffffffffff, 0x8000000000000001, 0x7ff0000000000000,
     0x7ff8000000000001, 0xfff0000000000000},
};

TEST(Finite, FindsOneBadElementWhereverItIs) {
  for (const Words& words : kWords) {
    for (const std::size_t count : {1ul, 7ul, 1000ul, 300001ul}) {
      for (const std::size_t position : {0ul, count / 2, count - 1}) {
        EXPECT_TRUE(finite_with(words.dtype, words.one, words.largest, position, count))
            << to_string(words.dtype);
        EXPECT_TRUE(finite_with(words.dtype, words.one, words.smallest, position, count))
            << to_string(words.dtype);
        EXPECT_FALSE(finite_with(words.dtype, words.one, words.infinity, position, count))
            << to_string(words.dtype);
        EXPECT_FALSE(finite_with(words.dtype, words.one, words.nan, position, count))
            << to_string(words.dtype);
        EXPECT_FALSE(finite_with(words.dtype, words.one, words.negative_infinity, position, count))
            << to_string(words.dtype);
      }
    }
  }
}

TEST(Finite, NothingIsFinite) {
  EXPECT_TRUE(all_finite({}, Dtype::f32));
}

}  // namespace
}  // namespace sdw::models

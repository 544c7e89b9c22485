#include "models/finite.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>

namespace sdw::models {
namespace {

// A float is NaN or infinite where all bits of its exponent are set, so its bits without the sign are at
// least those of infinity. The largest of many is found without branches, which compilers turn into vector
// instructions.
template <class Word>
bool finite_run(const std::byte* bytes, std::int64_t count, Word infinity) {
  constexpr Word kMagnitude = std::numeric_limits<Word>::max() >> 1;
  Word largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Word bits;
    std::memcpy(&bits, bytes + i * static_cast<std::int64_t>(sizeof(Word)), sizeof(Word));
    largest = std::max<Word>(largest, bits & kMagnitude);
  }
  return largest < infinity;
}

template <class Word>
bool finite(std::span<const std::byte> bytes, Word infinity) {
  std::atomic<bool> finite_so_far = true;
  at::parallel_for(0, static_cast<std::int64_t>(bytes.size() / sizeof(Word)), 1 << 17,
                   [&](std::int64_t begin, std::int64_t end) {
                     const std::byte* first = bytes.data() + begin * static_cast<std::int64_t>(sizeof(Word));
                     if (!finite_run<Word>(first, end - begin, infinity)) finite_so_far = false;
                   });
  return finite_so_far;
}

}  // namespace

bool all_finite(std::span<const std::byte> bytes, io::Dtype dtype) {
  switch (dtype) {
    case io::Dtype::f16:
      return finite<std::uint16_t>(bytes, 0x7c00);
    case io::Dtype::bf16:
      return finite<std::uint16_t>(bytes, 0x7f80);
    case io::Dtype::f32:
      return finite<std::uint32_t>(bytes, 0x7f800000);
    case io::Dtype::f64:
      return finite<std::uint64_t>(bytes, 0x7ff0000000000000);
    default:
      return true;
  }
}

}  // namespace sdw::models

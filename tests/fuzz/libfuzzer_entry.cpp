#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sdw::fuzz::SDW_FUZZ_TARGET({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}

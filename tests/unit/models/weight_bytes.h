#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sdw::models {

// One tensor to write: all its elements are the same word of the type's size.
struct WrittenTensor {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t word = 0;
};

// A safetensors file with these tensors. `odd_start` makes every tensor begin at an odd address.
std::string safetensors_bytes(const std::vector<WrittenTensor>& tensors, bool odd_start = false);

}  // namespace sdw::models

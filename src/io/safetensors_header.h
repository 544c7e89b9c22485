#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/dtype.h"
#include "support/result.h"

namespace sdw::io {

// What the header says of one tensor; nothing here has been held against the file's size yet.
struct TensorEntry {
  Dtype dtype{};
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // offsets into the bytes after the header
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, TensorEntry, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
};

// Reads the JSON between a safetensors file's length and its data, in one pass that stops at the first broken
// rule, so that memory stays bounded by the caps in the source file. Error: model_invalid.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view text);

}  // namespace sdw::io

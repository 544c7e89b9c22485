#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "support/result.h"

namespace sdw::io {

struct JsonLimits {
  std::size_t max_bytes = 16 << 20;
  int max_depth = 64;
};

// Strict JSON: UTF-8, no comments, no duplicate keys, nesting and size capped. Error: malformed_json.
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Reads and parses a regular file. Errors: model_not_found (no such file), model_invalid (not such JSON).
Result<nlohmann::json> read_json_file(const std::filesystem::path& path, const JsonLimits& limits = {});

}  // namespace sdw::io

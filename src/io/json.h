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
  // Numbers, strings, arrays, objects and so on, counted together: each costs about 100 bytes of memory.
  std::size_t max_values = 2'000'000;
};

// Strict JSON (RFC 8259): UTF-8 without a byte order mark, no comments, no duplicate keys, no numbers beyond
// a double, nesting and size capped. Strings may hold any character, NUL included, so check before use as a
// path. Errors: malformed_json, input_too_large (max_bytes).
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Reads and parses a regular file. Errors: model_not_found (no such file), model_invalid (not such JSON).
Result<nlohmann::json> read_json_file(const std::filesystem::path& path, const JsonLimits& limits = {});

}  // namespace sdw::io

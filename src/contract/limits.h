#pragma once

#include <cstddef>
#include <cstdint>

namespace sdw::contract {

// Bounds on what one request may ask for. An operator may lower them; the ranges of the API itself stay.
struct Limits {
  std::size_t body_bytes = 48u << 20;         // of a request, as sent
  std::size_t prompt_bytes = 64u << 10;       // prompt and negative prompt, each, UTF-8
  std::size_t picture_bytes = 16u << 20;      // one input picture, decoded from base64
  std::int64_t picture_pixels = 2048 * 2048;  // an input picture's width * height
  std::int64_t output_pixels = 2048 * 2048;   // width * height of what is made
  int steps = 150;
  int count = 8;
  int loras = 16;
  double timeout_s = 7 * 86400.0;  // the longest that a job may ask for
  int json_depth = 32;
};

}  // namespace sdw::contract

#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

// Each function takes hostile bytes and throws where a promise of the code under test is broken. libFuzzer
// takes the exception for a crash; the unit tests, which run the corpus through the same functions, report
// it.
namespace sdw::fuzz {

void safetensors(std::span<const std::byte> bytes);
void picture(std::span<const std::byte> bytes);
void json(std::span<const std::byte> bytes);
void base64(std::span<const std::byte> bytes);
void http_request(std::span<const std::byte> bytes);
void job_request(std::span<const std::byte> bytes);
void tokenizer(std::span<const std::byte> bytes);
void tokenizer_files(std::span<const std::byte> bytes);

inline void require(bool holds, const char* promise) {
  if (!holds) throw std::logic_error(std::string("broken promise: ") + promise);
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sdw::fuzz

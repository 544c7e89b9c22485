#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sdw::jobs {

// SHA-256 of the bytes, 32 raw bytes: stands for them as a key.
std::string content_digest(std::span<const std::byte> bytes);

}  // namespace sdw::jobs

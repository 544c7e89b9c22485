#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::io {

// Standard alphabet with padding (RFC 4648 section 4), no line breaks.
std::string encode_base64(std::span<const std::byte> bytes);

// The same alphabet, padded, with blanks and line breaks anywhere; everything else is refused, and so is text
// of more than `max_bytes` decoded bytes, before any memory is taken. Errors: input_unreadable,
// input_too_large.
Result<std::vector<std::byte>> decode_base64(std::string_view text, std::size_t max_bytes);

// A picture as clients send it: bare base64 or a `data:...;base64,` URI, whose media type is not believed
// (pictures are told apart by their content). Errors as above.
Result<std::vector<std::byte>> decode_base64_picture(std::string_view text, std::size_t max_bytes = 64 << 20);

}  // namespace sdw::io

#pragma once

#include <string_view>

namespace sdw::io {

// Whether UTF-8 text is empty or white space alone, which CLIP's tokenizer takes for no text at all: what
// Python's str.isspace() holds for it.
bool is_blank(std::string_view text);

}  // namespace sdw::io

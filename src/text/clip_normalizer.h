#pragma once

#include <string>
#include <string_view>

namespace sdw::text {

// CLIP's normalizer in transformers: NFC (of Unicode 9), every run of white space to one space, lowercase per
// code point. `text` is valid UTF-8 of less than 2 GiB.
std::string normalize_for_clip(std::string_view text);

}  // namespace sdw::text

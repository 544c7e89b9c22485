#pragma once

#include <string>
#include <string_view>

namespace sdw::text {

// A canonically equivalent text whose runs of combining marks are in order of combining class already
// (Unicode 9, section 3.11). ICU's normalizer orders by insertion, so a long run in disorder would cost it
// the square of its length. `text` is valid UTF-8.
std::string order_combining_marks(std::string_view text);

}  // namespace sdw::text

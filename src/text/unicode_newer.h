#pragma once

#include "text/unicode.h"

namespace sdw::text {

// What Unicode 15.1 to 17 say of code points that an older ICU does not know. With a newer ICU these are
// never asked.
CharClass newer_char_class(char32_t c);
char32_t newer_lowercase(char32_t c);  // `c` itself where it has none

}  // namespace sdw::text

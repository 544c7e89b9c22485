#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdw::text {

// The Unicode facts the tokenizer stands on, pinned to the versions its reference uses whichever ICU is
// installed.
constexpr int kCompositionVersion = 9;  // NFC: the `unicode-normalization-alignments` crate
constexpr int kClassVersion = 16;       // \p{L}, \p{N} and \s: Oniguruma

// Whether `c` was assigned in that major version of Unicode.
bool is_of_unicode(char32_t c, int version);

enum class CharClass { letter, number, space, other };
CharClass char_class(char32_t c);

// Appends the lowercase of one code point as Rust's `char::to_lowercase` (Unicode 17); context (final sigma)
// and language play no part.
void append_lowercase(char32_t c, std::string& out);

// `\w` of Rust's `regex` crate: alphabetic, marks, decimal digits, connectors, joiners.
bool is_word_char(char32_t c);

// The code point that starts at `position`, which is moved past it. `text` is valid UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& position);
// The code point that ends at `position`, which is moved to its start.
char32_t previous_code_point(std::string_view text, std::size_t& position);
void append_utf8(char32_t c, std::string& out);

bool is_valid_utf8(std::string_view bytes);
// U+FFFD for every maximal ill-formed part, as the WHATWG decoder and Python's errors="replace" do.
std::string replace_invalid_utf8(std::string_view bytes);

}  // namespace sdw::text

#include "text/unicode.h"

#include <cstdint>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "text/unicode_newer.h"

namespace sdw::text {
namespace {

// ICU's macros want signed lengths of at most 32 bits for malformed text only; std::ptrdiff_t works for all
// of them.
std::ptrdiff_t signed_size(std::string_view text) {
  return static_cast<std::ptrdiff_t>(text.size());
}

}  // namespace

bool is_of_unicode(char32_t c, int version) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] != 0 && age[0] <= version;
}

CharClass char_class(char32_t c) {
  const std::uint32_t category = U_GET_GC_MASK(static_cast<UChar32>(c));
  if (category & U_GC_CN_MASK) return newer_char_class(c);
  if (u_isUWhiteSpace(static_cast<UChar32>(c))) return CharClass::space;
  if (!(category & (U_GC_L_MASK | U_GC_N_MASK)) || !is_of_unicode(c, kClassVersion)) return CharClass::other;
  return category & U_GC_L_MASK ? CharClass::letter : CharClass::number;
}

void append_lowercase(char32_t c, std::string& out) {
  constexpr char32_t kCapitalIWithDot = 0x130;  // the one code point whose lowercase is two
  if (c == kCapitalIWithDot) {
    out += "i\u0307";
  } else if (c < 0x80) {
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  } else {
    const auto lower = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
    append_utf8(lower == c ? newer_lowercase(c) : lower, out);
  }
}

bool is_word_char(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  return u_hasBinaryProperty(code, UCHAR_ALPHABETIC) || u_hasBinaryProperty(code, UCHAR_JOIN_CONTROL) ||
         (U_GET_GC_MASK(code) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK));
}

char32_t next_code_point(std::string_view text, std::size_t& position) {
  const auto length = signed_size(text);
  auto i = static_cast<std::ptrdiff_t>(position);
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(text.data(), i, length, c);
  position = static_cast<std::size_t>(i);
  return static_cast<char32_t>(c);
}

char32_t previous_code_point(std::string_view text, std::size_t& position) {
  std::size_t start = position - 1;
  while (start > 0 && U8_IS_TRAIL(static_cast<std::uint8_t>(text[start]))) --start;
  position = start;
  return next_code_point(text, start);
}

void append_utf8(char32_t c, std::string& out) {
  std::uint8_t bytes[U8_MAX_LENGTH];
  std::int32_t count = 0;
  U8_APPEND_UNSAFE(bytes, count, static_cast<UChar32>(c));
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
}

bool is_valid_utf8(std::string_view bytes) {
  const auto length = signed_size(bytes);
  for (std::ptrdiff_t i = 0; i < length;) {
    UChar32 c = 0;
    U8_NEXT(bytes.data(), i, length, c);
    if (c < 0) return false;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) append_utf8(next_code_point(bytes, i), out);
  return out;
}

}  // namespace sdw::text

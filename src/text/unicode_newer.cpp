#include "text/unicode_newer.h"

#include <algorithm>
#include <iterator>

namespace sdw::text {
namespace {

struct Range {
  char32_t first, last;
};

struct LowercaseRange {
  char32_t first, last;
  int distance;
};

// General categories L* and N* of DerivedGeneralCategory.txt that Unicode 15.1 and 16 added, in order.
constexpr Range kLetters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3}, {0x10D4A, 0x10D65},
    {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389}, {0x1138B, 0x1138B}, {0x1138E, 0x1138E},
    {0x11390, 0x113B5}, {0x113B7, 0x113B7}, {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0},
    {0x13460, 0x143FA}, {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D},
};
constexpr Range kNumbers[] = {
    {0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9}, {0x16130, 0x16139},
    {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9}, {0x1E5F1, 0x1E5FA},
};
// Simple lowercase mappings of UnicodeData.txt that Unicode 16 and 17 added.
constexpr LowercaseRange kLowercase[] = {
    {0x1C89, 0x1C89, 1},      {0xA7CB, 0xA7CB, 0x264 - 0xA7CB},
    {0xA7CC, 0xA7CC, 1},      {0xA7CE, 0xA7CE, 1},
    {0xA7D2, 0xA7D2, 1},      {0xA7D4, 0xA7D4, 1},
    {0xA7DA, 0xA7DA, 1},      {0xA7DC, 0xA7DC, 0x19B - 0xA7DC},
    {0x10D50, 0x10D65, 0x20}, {0x16EA0, 0x16EB8, 0x1B},
};

template <class Ranges>
auto find(const Ranges& ranges, char32_t c) {
  const auto found = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                      [](const auto& range, char32_t code) { return range.last < code; });
  return found != std::end(ranges) && found->first <= c ? found : std::end(ranges);
}

}  // namespace

CharClass newer_char_class(char32_t c) {
  if (find(kLetters, c) != std::end(kLetters)) return CharClass::letter;
  return find(kNumbers, c) != std::end(kNumbers) ? CharClass::number : CharClass::other;
}

char32_t newer_lowercase(char32_t c) {
  const auto found = find(kLowercase, c);
  return found == std::end(kLowercase) ? c : static_cast<char32_t>(static_cast<int>(c) + found->distance);
}

}  // namespace sdw::text

#include "text/combining_marks.h"

#include <algorithm>
#include <cstdint>
#include <unicode/uchar.h>
#include <vector>

#include "text/unicode.h"

namespace sdw::text {
namespace {

struct Mark {
  char32_t code;
  std::uint8_t combining_class;
};

// The three characters that are no marks themselves but decompose, for good, into two.
struct Decomposition {
  char32_t code, first, second;
};
constexpr Decomposition kTibetanVowels[] = {
    {0xF73, 0xF71, 0xF72}, {0xF75, 0xF71, 0xF74}, {0xF81, 0xF71, 0xF80}};

Mark mark_of(char32_t c) {
  const auto code = static_cast<UChar32>(c);
  const std::uint8_t combining_class = u_getCombiningClass(code);
  return {c,
          combining_class != 0 && is_of_unicode(c, kCompositionVersion) ? combining_class : std::uint8_t{0}};
}

void flush(std::vector<Mark>& run, std::string& out) {
  std::stable_sort(run.begin(), run.end(),
                   [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; });
  for (const Mark& mark : run) append_utf8(mark.code, out);
  run.clear();
}

}  // namespace

std::string order_combining_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::vector<Mark> run;
  const auto add = [&](char32_t c) {
    const Mark mark = mark_of(c);
    if (mark.combining_class == 0) flush(run, out);
    run.push_back(mark);
  };
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next_code_point(text, i);
    const auto* vowel = std::find_if(std::begin(kTibetanVowels), std::end(kTibetanVowels),
                                     [c](const Decomposition& d) { return d.code == c; });
    if (vowel == std::end(kTibetanVowels)) {
      add(c);
    } else {
      add(vowel->first);
      add(vowel->second);
    }
  }
  flush(run, out);
  return out;
}

}  // namespace sdw::text

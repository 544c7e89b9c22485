#include "text/clip_normalizer.h"

#include <limits>
#include <stdexcept>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uniset.h>

#include "text/combining_marks.h"
#include "text/unicode.h"

namespace sdw::text {
namespace {

void check(UErrorCode status) {
  if (U_FAILURE(status)) {
    throw std::runtime_error(std::string("ICU normalization failed: ") + u_errorName(status));
  }
}

// The reference composes and reorders by Unicode 9: to it, later characters are inert.
const icu::Normalizer2& nfc_of_unicode_9() {
  static const icu::UnicodeSet known = [] {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeSet set(icu::UnicodeString(u"[:age=9.0:]"), status);
    check(status);
    set.freeze();
    return set;
  }();
  static const icu::FilteredNormalizer2 normalizer = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
    check(status);
    return icu::FilteredNormalizer2(*nfc, known);
  }();
  return normalizer;
}

std::string nfc(std::string_view unordered) {
  const std::string text = order_combining_marks(unordered);
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw std::length_error("text of " + std::to_string(text.size()) + " bytes is too long to normalize");
  }
  const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
  std::string out;
  icu::StringByteSink<std::string> sink(&out, piece.length());
  UErrorCode status = U_ZERO_ERROR;
  nfc_of_unicode_9().normalizeUTF8(0, piece, sink, nullptr, status);
  check(status);
  return out;
}

}  // namespace

std::string normalize_for_clip(std::string_view text) {
  const std::string composed = nfc(text);
  std::string out;
  out.reserve(composed.size());
  bool in_space = false;
  for (std::size_t i = 0; i < composed.size();) {
    const char32_t c = next_code_point(composed, i);
    const bool space = char_class(c) == CharClass::space;
    if (!space) append_lowercase(c, out);
    if (space && !in_space) out += ' ';
    in_space = space;
  }
  return out;
}

}  // namespace sdw::text

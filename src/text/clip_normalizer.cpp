#include "text/clip_normalizer.h"

#include <limits>
#include <stdexcept>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include "text/unicode.h"

namespace sdw::text {
namespace {

std::string nfc(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw std::length_error("text of " + std::to_string(text.size()) + " bytes is too long to normalize");
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFCInstance(status);
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
  if (U_SUCCESS(status))
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                              nullptr, status);
  if (U_FAILURE(status))
    throw std::runtime_error(std::string("ICU normalization failed: ") + u_errorName(status));
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

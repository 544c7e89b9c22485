#include "text/clip_pre_tokenizer.h"

#include "text/unicode.h"

namespace sdw::text {
namespace {

// In the order of the reference's pattern: the first that matches wins.
constexpr std::string_view kContractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

std::size_t contraction_length(std::string_view text) {
  for (const auto contraction : kContractions) {
    if (text.starts_with(contraction)) return contraction.size();
  }
  return 0;
}

// The pattern takes these whole, then the byte-level stage cuts them into `<|`, letters and `|>`: what is
// left of it is that signs behind the `|>` start a new piece.
constexpr std::string_view kMarkers[] = {"<|startoftext|>", "<|endoftext|>"};

std::string_view marker_at_start(std::string_view text) {
  for (const auto marker : kMarkers) {
    if (text.starts_with(marker)) return marker;
  }
  return {};
}

std::size_t end_of_run(std::string_view text, std::size_t position, CharClass kind) {
  while (position < text.size()) {
    std::size_t next = position;
    if (char_class(next_code_point(text, next)) != kind) break;
    position = next;
  }
  return position;
}

}  // namespace

std::vector<std::string_view> split_for_clip(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t start = 0; start < text.size();) {
    if (const auto marker = marker_at_start(text.substr(start)); !marker.empty()) {
      pieces.push_back(text.substr(start, 2));
      pieces.push_back(text.substr(start + 2, marker.size() - 4));
      pieces.push_back(text.substr(start + marker.size() - 2, 2));
      start += marker.size();
      continue;
    }
    std::size_t end = start;
    const CharClass kind = char_class(next_code_point(text, end));
    if (const auto length = contraction_length(text.substr(start))) {
      end = start + length;
    } else if (kind != CharClass::number) {
      end = end_of_run(text, end, kind);
    }
    if (kind != CharClass::space) pieces.push_back(text.substr(start, end - start));
    start = end;
  }
  return pieces;
}

}  // namespace sdw::text

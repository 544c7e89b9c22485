#include "io/base64.h"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace sdw::io {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

Error unreadable(std::string message) {
  return {ErrorCode::input_unreadable, std::move(message)};
}

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

bool is_symbol(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

const unsigned char* unsigned_chars(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}

struct Extent {
  std::size_t bytes = 0;    // once decoded
  std::size_t padding = 0;  // how many of '='
};

// The codec is lenient about padding and blanks, so what it gets is checked here: symbols, then up to two of
// '='.
Result<Extent> measure(std::string_view text) {
  std::size_t symbols = 0;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_symbol(c) && padding == 0) {
      ++symbols;
    } else if (c == '=') {
      ++padding;
    } else if (!is_blank(c)) {
      return unreadable(fmt::format("not base64: a character that does not belong there at position {}", i));
    }
  }
  if (padding > 2 || (symbols + padding) % 4 != 0) {
    return unreadable("not base64: incomplete, or its padding is wrong");
  }
  return Extent{(symbols + padding) / 4 * 3 - padding, padding};
}

void append_decoded(std::vector<std::byte>& bytes, const std::string& groups) {
  const std::size_t at = bytes.size();
  bytes.resize(at + groups.size() / 4 * 3);
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data() + at), unsigned_chars(groups.data()),
                      static_cast<int>(groups.size())) < 0) {
    throw std::logic_error("base64 that was checked did not decode");
  }
}

// Whether `name` begins `text` in any letter case; URI schemes and parameters are written in both.
bool begins_with(std::string_view text, std::string_view name) {
  return text.size() >= name.size() && std::ranges::equal(text.substr(0, name.size()), name, {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? c + 32 : c;
         });
}

}  // namespace

std::string encode_base64(std::span<const std::byte> bytes) {
  std::string text;
  // The codec counts in int: feed it pieces, each a multiple of 3 bytes so that only the last is padded.
  constexpr std::size_t kPiece = 3 << 20;
  text.resize((bytes.size() + 2) / 3 * 4 + 1);  // it ends each piece with a NUL
  std::size_t filled = 0;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::size_t size = std::min(kPiece, bytes.size() - at);
    filled +=
        static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + filled),
                                                 unsigned_chars(bytes.data() + at), static_cast<int>(size)));
  }
  text.resize(filled);
  return text;
}

Result<std::vector<std::byte>> decode_base64(std::string_view text, std::size_t max_bytes) {
  const Result<Extent> extent = measure(text);
  if (!extent) return extent.error();
  if (extent->bytes > max_bytes) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("{} bytes in base64; at most {} are read", extent->bytes, max_bytes)};
  }

  std::vector<std::byte> bytes;
  bytes.reserve(extent->bytes + 2);  // the codec gives a whole group for a padded one
  std::string piece;                 // without blanks, whole groups of four
  constexpr std::size_t kPiece = 64 << 10;
  piece.reserve(kPiece);
  for (const char c : text) {
    if (is_blank(c)) continue;
    if (piece.size() == kPiece) {
      append_decoded(bytes, piece);
      piece.clear();
    }
    piece += c;
  }
  append_decoded(bytes, piece);
  bytes.resize(extent->bytes);

  // The last symbol's unused bits must be 0: every byte string has one spelling.
  if (extent->padding > 0 &&
      encode_base64(std::span(bytes).last(3 - extent->padding)) != piece.substr(piece.size() - 4)) {
    return unreadable("not base64: its last character has bits that mean nothing");
  }
  return bytes;
}

Result<std::vector<std::byte>> decode_base64_picture(std::string_view text, std::size_t max_bytes) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  if (begins_with(text, "data:")) {
    // Media types are short; a comma further on belongs to no such header.
    constexpr std::size_t kMaxHeader = 256;
    const std::size_t comma = text.substr(0, kMaxHeader).find(',');
    if (comma == std::string_view::npos) {
      return unreadable("a data: URI without a comma after its media type");
    }
    std::string_view header = text.substr(0, comma);
    constexpr std::string_view kMark = ";base64";
    if (header.size() < kMark.size() || !begins_with(header.substr(header.size() - kMark.size()), kMark)) {
      return unreadable("a data: URI that is not base64");
    }
    text.remove_prefix(comma + 1);
  }
  Result<std::vector<std::byte>> bytes = decode_base64(text, max_bytes);
  if (bytes && bytes->empty()) return unreadable("an empty picture");
  return bytes;
}

}  // namespace sdw::io

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
  // The codec is lenient about padding and blanks, so what it gets is checked first: symbols, then 0 to 2 of
  // '='.
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
  if (padding > 2 || (symbols + padding) % 4 != 0 || symbols % 4 == 1) {
    return unreadable("not base64: incomplete, or its padding is wrong");
  }
  const std::size_t size = symbols / 4 * 3 + (symbols % 4 == 0 ? 0 : symbols % 4 - 1);
  if (size > max_bytes) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("{} bytes in base64; at most {} are read", size, max_bytes)};
  }

  // Pieces of whole groups of four, through a small buffer without blanks.
  std::vector<std::byte> bytes;
  bytes.reserve(size + 2);
  std::string piece;
  constexpr std::size_t kPiece = 64 << 10;
  piece.reserve(kPiece);
  const auto flush = [&] {
    const std::size_t at = bytes.size();
    bytes.resize(at + piece.size() / 4 * 3);
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data() + at), unsigned_chars(piece.data()),
                        static_cast<int>(piece.size())) < 0) {
      throw std::logic_error("base64 that was checked did not decode");
    }
  };
  for (const char c : text) {
    if (is_blank(c)) continue;
    piece += c;
    if (piece.size() == kPiece) {
      flush();
      piece.clear();
    }
  }
  flush();
  // The last symbol's unused bits must be 0: every byte string has one spelling.
  const std::string last_group = piece.size() >= 4 ? piece.substr(piece.size() - 4) : piece;
  bytes.resize(size);
  if (padding > 0 && encode_base64(std::span(bytes).last(3 - padding)) != last_group) {
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
    if (comma == std::string_view::npos)
      return unreadable("a data: URI without a comma after its media type");
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

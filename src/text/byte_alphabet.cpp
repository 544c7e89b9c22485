#include "text/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "text/unicode.h"

namespace sdw::text {
namespace {

constexpr int kBytes = 256;
constexpr char32_t kFirstStandIn = 256;  // unprintable bytes take the code points from here on
constexpr char32_t kSymbolsEnd = 512;

constexpr bool is_printable(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

struct Alphabet {
  std::array<char32_t, kBytes> symbol{};
  std::array<std::int16_t, kSymbolsEnd> byte{};  // -1: not in the alphabet
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  char32_t stand_in = kFirstStandIn;
  for (int byte = 0; byte < kBytes; ++byte) {
    const char32_t symbol = is_printable(byte) ? static_cast<char32_t>(byte) : stand_in++;
    alphabet.symbol[static_cast<std::size_t>(byte)] = symbol;
    alphabet.byte[symbol] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

std::string byte_to_symbol(unsigned char byte) {
  std::string symbol;
  append_utf8(kAlphabet.symbol[byte], symbol);
  return symbol;
}

std::string token_to_bytes(std::string_view token) {
  std::string bytes;
  for (std::size_t i = 0; i < token.size();) {
    const char32_t symbol = next_code_point(token, i);
    if (symbol >= kSymbolsEnd || kAlphabet.byte[symbol] < 0) return std::string(token);
    bytes += static_cast<char>(kAlphabet.byte[symbol]);
  }
  return bytes;
}

}  // namespace sdw::text

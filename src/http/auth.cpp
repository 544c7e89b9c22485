#include "http/auth.h"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string>

#include "http/headers.h"
#include "io/base64.h"

namespace sdw::http {
namespace {

constexpr std::size_t kMaxHeader = 4096;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest(std::string_view text) {
  Digest result{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

// Digests are compared, so that neither the place of the first difference nor the key's length shows in the
// time.
bool same(std::string_view a, std::string_view b) {
  const Digest left = digest(a);
  const Digest right = digest(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool takes_scheme(std::string_view& header, std::string_view scheme) {
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return false;
  if (!iequals(header.substr(0, scheme.size()), scheme)) return false;
  header.remove_prefix(std::min(header.find_first_not_of(' ', scheme.size()), header.size()));
  return true;
}

}  // namespace

bool authorized(std::string_view authorization, std::string_view key) {
  if (authorization.size() > kMaxHeader) return false;
  if (takes_scheme(authorization, "Bearer")) return same(authorization, key);
  if (!takes_scheme(authorization, "Basic")) return false;
  const auto decoded = io::decode_base64(authorization, kMaxHeader);
  if (!decoded) return false;
  const std::string pair(reinterpret_cast<const char*>(decoded->data()), decoded->size());
  const std::size_t colon = pair.find(':');
  return colon != std::string::npos && same(std::string_view(pair).substr(colon + 1), key);
}

}  // namespace sdw::http

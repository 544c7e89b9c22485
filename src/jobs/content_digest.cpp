#include "jobs/content_digest.h"

#include <openssl/evp.h>
#include <stdexcept>

namespace sdw::jobs {

std::string content_digest(std::span<const std::byte> bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  digest.resize(size);
  return digest;
}

}  // namespace sdw::jobs

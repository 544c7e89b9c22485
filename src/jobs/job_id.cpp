#include "jobs/job_id.h"

#include <cstdint>
#include <fmt/format.h>
#include <random>

namespace sdw::jobs {

std::string make_job_id() {
  std::random_device random;  // the system's own source
  const auto word = [&random] { return std::uint64_t{random()} << 32 | random(); };
  const std::uint64_t high = (word() & ~0xf000ull) | 0x4000ull;
  const std::uint64_t low = (word() & ~(3ull << 62)) | (2ull << 62);
  return fmt::format("job-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffffull);
}

}  // namespace sdw::jobs

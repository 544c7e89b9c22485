#include "pipeline/free_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace sdw::pipeline {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

std::int64_t number_in(const char* file) {
  std::int64_t value = kUnlimited;
  std::ifstream stream(file);
  return stream >> value ? value : kUnlimited;  // "max" is no number
}

std::int64_t system_available() {
  std::ifstream stream("/proc/meminfo");
  std::string name, unit;
  std::int64_t kilobytes = 0;
  while (stream >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes * 1024;
    std::getline(stream, unit);
  }
  return kUnlimited;
}

std::int64_t cgroup_available() {
  const auto limit = number_in("/sys/fs/cgroup/memory.max");
  if (limit == kUnlimited) return kUnlimited;
  const auto used = number_in("/sys/fs/cgroup/memory.current");
  return used == kUnlimited ? limit : std::max<std::int64_t>(0, limit - used);
}

std::int64_t address_space_available() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  const auto pages = number_in("/proc/self/statm");
  const auto used = pages == kUnlimited ? 0 : pages * sysconf(_SC_PAGESIZE);
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(limit.rlim_cur) - used);
}

}  // namespace

std::int64_t free_memory_bytes() {
  return std::min({system_available(), cgroup_available(), address_space_available()});
}

}  // namespace sdw::pipeline

#include "kernels/cpu/cache_sizes.h"

#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace sdw::kernels::cpu {
namespace {

constexpr std::size_t kLargest = std::size_t{4} << 30;

std::size_t size_or(int name, std::size_t otherwise) {
  const long bytes = ::sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

struct State {
  CacheSizes sizes{size_or(_SC_LEVEL2_CACHE_SIZE, std::size_t{1} << 20),
                   size_or(_SC_LEVEL3_CACHE_SIZE, std::size_t{32} << 20)};
  bool chosen = false;
};

State& state() {
  static State state;
  return state;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t unit = 1;
  if (text.ends_with('K') || text.ends_with('M')) {
    unit = text.ends_with('K') ? std::size_t{1} << 10 : std::size_t{1} << 20;
    text.remove_suffix(1);
  }
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || last != end || number > kLargest / unit) return std::nullopt;
  return number * unit;
}

}  // namespace

const CacheSizes& cache_sizes() {
  return state().sizes;
}

bool cache_sizes_are_chosen() {
  return state().chosen;
}

void choose_cache_sizes(const CacheSizes& sizes) {
  state() = {sizes, true};
}

Status choose_cache_sizes(std::string_view text) {
  const std::size_t comma = text.find(',');
  const auto second_level = parse_size(text.substr(0, comma));
  const auto shared = comma == std::string_view::npos ? std::nullopt : parse_size(text.substr(comma + 1));
  if (!second_level || !shared || *second_level == 0) {
    return Error{ErrorCode::invalid_request,
                 "SD_WORKER_CACHES must be two sizes such as 512K,32M: a core's second-level cache and "
                 "the shared one",
                 "SD_WORKER_CACHES"};
  }
  choose_cache_sizes(CacheSizes{*second_level, *shared});
  return ok_status();
}

}  // namespace sdw::kernels::cpu

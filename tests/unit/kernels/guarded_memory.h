#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace sdw::kernels::cpu {

// Where the page that may not be touched lies.
enum class Guard { after, before };

// Bytes between two pages that may not be touched, right before the one or right after the other. Filled with
// ones at first: NaNs of every float type.
class GuardedBytes {
 public:
  GuardedBytes(Guard guard, std::size_t bytes);
  ~GuardedBytes();
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  std::byte* data() const { return data_; }

 private:
  std::byte *pages_, *data_;
  std::size_t length_;
};

template <class Element>
class Guarded {
 public:
  Guarded(Guard guard, std::size_t count) : bytes_(guard, count * sizeof(Element)), count_(count) {}
  Guarded(Guard guard, const std::vector<Element>& values) : Guarded(guard, values.size()) {
    std::copy(values.begin(), values.end(), data());
  }
  Element* data() const { return reinterpret_cast<Element*>(bytes_.data()); }
  std::vector<Element> values() const { return {data(), data() + count_}; }

 private:
  GuardedBytes bytes_;
  std::size_t count_;
};

// Runs `body`; whether it touched memory that it may not, by a fault of the processor. What it held is then
// leaked.
bool touches_forbidden_memory(const std::function<void()>& body);

}  // namespace sdw::kernels::cpu

#pragma once

#include <cstddef>
#include <string_view>

namespace sdw {

// Bytes in pages of their own. They grow without being copied, take no memory before they are written, and go
// back to the system when freed; the heap keeps holes of large strings that grew side by side.
class PageBuffer {
 public:
  PageBuffer() = default;
  ~PageBuffer() { clear(); }
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&& other) noexcept;

  // Throws std::bad_alloc.
  void append(std::string_view bytes);
  // Frees everything.
  void clear() noexcept;

  std::string_view view() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  void grow(std::size_t least);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sdw

#include "ops/caching_allocator.h"

#include <algorithm>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unordered_map>
#include <vector>

#include "support/round_up.h"

namespace sdw::ops {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLeast = std::size_t{1} << 20;  // smaller tensors are malloc's

struct Block {
  void* data = nullptr;
  std::size_t size = 0;  // a multiple of kHugePage
};

// Begins on a huge page; no data where the system has none left.
Block map_block(std::size_t size) {
  const std::size_t mapped = size + kHugePage;
  void* const memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {};
  char* const begin = static_cast<char*>(memory);
  const std::size_t before =
      round_up(reinterpret_cast<std::uintptr_t>(begin), kHugePage) - reinterpret_cast<std::uintptr_t>(begin);
  if (before > 0) ::munmap(begin, before);
  if (before < kHugePage) ::munmap(begin + before + size, kHugePage - before);
  ::madvise(begin + before, size, MADV_HUGEPAGE);
  return {begin + before, size};
}

// Moves the pages of [from, from + size) to `to`, which is mapped; the old place is then unmapped. False
// where the system would not: neither place is then whole.
bool move_pages(char* from, std::size_t size, char* to) {
  for (std::size_t moved = 0; moved < size; moved += kHugePage) {  // a block may be of many mappings
    void* const place = to + moved;
    void* const now = ::mremap(from + moved, kHugePage, kHugePage, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (now != place) return false;
  }
  return true;
}

// Pages of `blocks`, the first first, as many as there are up to `size`, become those before `end`; `moved`
// of them in the end. False where the system would not: nothing before `end` is then whole.
bool move_from(std::vector<Block>& blocks, std::size_t size, char* end, std::size_t& moved) {
  moved = 0;
  bool whole = true;
  while (whole && moved < size && !blocks.empty()) {
    Block& block = blocks.front();
    const std::size_t some = std::min(block.size, size - moved);
    block.size -= some, moved += some;
    char* const from = static_cast<char*>(block.data) + block.size;
    whole = move_pages(from, some, end - moved);
    if (!whole) ::munmap(from, some);
    if (block.size == 0) blocks.erase(blocks.begin());
  }
  return whole;
}

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const Block block = bytes < kLeast ? Block{} : take(round_up(bytes, kHugePage));
    if (block.data == nullptr) {  // small, or for the error that is known
      c10::DataPtr data = fallback_.allocate(bytes);
      void* const memory = data.release_context();
      return {memory, memory, give_back, c10::Device(c10::kCPU)};
    }
    return {block.data, block.data, give_back, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return give_back; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (const Block& block : kept_) ::munmap(block.data, block.size);
    for (const Block& block : of_weights_) ::munmap(block.data, block.size);
    kept_.clear();
    of_weights_.clear();
    cached_ = 0;
    most_in_use_ = in_use_;
  }
  void keep_weights(bool keep) {
    const std::lock_guard lock(mutex_);
    keeps_weights_ = keep;
  }
  void unmap_weight(void* data, std::size_t bytes);

  std::size_t cached() const {
    const std::lock_guard lock(mutex_);
    return cached_;
  }

 private:
  static void give_back(void* data);

  bool keep(void* data);
  Block take(std::size_t size);
  Block make(std::size_t size);

  c10::Allocator& fallback_ = *c10::GetDefaultCPUAllocator();
  mutable std::mutex mutex_;                           // guards the rest
  std::vector<Block> kept_;                            // the longest kept first
  std::unordered_map<void*, std::size_t> handed_out_;  // sizes of blocks
  std::size_t cached_ = 0;                             // bytes of them
  std::size_t in_use_ = 0;                             // bytes handed out
  std::size_t most_in_use_ = 0;                        // since the last release
  std::vector<Block> of_weights_;                      // freed; their pages are for new blocks
  bool keeps_weights_ = false;
};

CachingAllocator& allocator() {
  static CachingAllocator& instance = *new CachingAllocator;  // tensors may outlive everything static
  return instance;
}

// The tensor library's own kernels free by address alone.
void CachingAllocator::give_back(void* data) {
  CachingAllocator& self = allocator();
  const bool may_be_block = reinterpret_cast<std::uintptr_t>(data) % kHugePage == 0;
  if (may_be_block && self.keep(data)) return;
  self.fallback_.raw_deallocate(data);
}

// False where `data` is no block of ours.
bool CachingAllocator::keep(void* data) {
  const std::lock_guard lock(mutex_);
  const auto found = handed_out_.find(data);
  if (found == handed_out_.end()) return false;
  const Block block{data, found->second};
  handed_out_.erase(found);
  in_use_ -= block.size;
  cached_ += block.size;
  kept_.push_back(block);
  return true;
}

Block CachingAllocator::take(std::size_t size) {
  const std::lock_guard lock(mutex_);
  // The smallest that is large enough and not much too large; of equal ones the last used, which the caches
  // may still hold.
  auto best = kept_.end();
  for (auto block = kept_.begin(); block != kept_.end(); ++block) {
    const bool fits = block->size >= size && block->size <= size + size / 4;
    if (fits && (best == kept_.end() || block->size <= best->size)) best = block;
  }
  Block block;
  if (best != kept_.end()) {
    block = *best;
    kept_.erase(best);
    cached_ -= block.size;
  } else {
    block = make(size);
    if (block.data == nullptr) return block;
  }
  handed_out_[block.data] = block.size;
  in_use_ += block.size;
  most_in_use_ = std::max(most_in_use_, in_use_);
  return block;
}

// Whole huge pages of it are kept.
void CachingAllocator::unmap_weight(void* data, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto begin = reinterpret_cast<std::uintptr_t>(data), end = begin + bytes;
  const std::uintptr_t first = round_up(begin, kHugePage), last = end / kHugePage * kHugePage;
  if (!keeps_weights_ || first >= last) {
    ::munmap(data, bytes);
    return;
  }
  char* const kept = static_cast<char*>(data) + (first - begin);
  if (first > begin) ::munmap(data, first - begin);
  if (end > last) ::munmap(kept + (last - first), end - last);
  of_weights_.push_back({kept, last - first});
}

// What is kept makes room where there would be too much: its pages, the longest kept first, become the end of
// the new block; those of freed weights the rest. To move them is faster than to have fresh ones cleared.
Block CachingAllocator::make(std::size_t size) {
  const Block block = map_block(size);
  if (block.data == nullptr) return block;
  const std::size_t allowed = round_up(std::max(most_in_use_ + most_in_use_ / 16, in_use_ + size), kHugePage);
  const std::size_t wanted = in_use_ + cached_ + size;
  const std::size_t excess = wanted > allowed ? std::min(wanted - allowed, size) : 0;
  char* const begin = static_cast<char*>(block.data);
  std::size_t moved = 0;
  bool whole = move_from(kept_, excess, begin + size, moved);
  cached_ -= moved;
  whole = whole && move_from(of_weights_, size - moved, begin + size - moved, moved);
  if (whole) return block;
  ::munmap(block.data, size);
  return {};
}

}  // namespace

void install_caching_allocator() {
  c10::SetCPUAllocator(&allocator());
}

void keep_pages_of_weights(bool keep) {
  allocator().keep_weights(keep);
}

void unmap_weight(void* data, std::size_t bytes) {
  allocator().unmap_weight(data, bytes);
}

void release_cached_memory() {
  allocator().release();
}

std::size_t cached_memory_bytes() {
  return allocator().cached();
}

}  // namespace sdw::ops

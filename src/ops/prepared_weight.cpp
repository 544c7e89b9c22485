#include "ops/prepared_weight.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/util/accumulate.h>
#include <cstdint>
#include <memory>
#include <sys/mman.h>

#include "ops/caching_allocator.h"
#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

// Larger weights have pages of their own: unloading a model then gives them back to the system at once, and
// leaves no holes in the heap.
constexpr std::size_t kOwnPagesBytes = std::size_t{64} << 10;
constexpr std::int64_t kElementsAtATime = 1 << 16;  // of the scratch: stays in the second-level cache

// Fewer page faults while a weight is filled, fewer misses of the address cache while it is read.
void ask_for_huge_pages(const at::Tensor& tensor) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  void* first = tensor.data_ptr();
  std::size_t left = tensor.nbytes();
  if (std::align(kHugePage, kHugePage, first, left)) {
    ::madvise(first, left / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
}

// [channels][taps] -> [taps][channels] for one filter, in pieces that fit the first-level cache.
template <class Word>
void transpose_filter(const Word* in, Word* out, std::int64_t channels, std::int64_t taps) {
  constexpr std::int64_t kPiece = 128;
  for (std::int64_t begin = 0; begin < channels; begin += kPiece) {
    const std::int64_t end = std::min(begin + kPiece, channels);
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t channel = begin; channel < end; ++channel) {
        out[tap * channels + channel] = in[channel * taps + tap];
      }
    }
  }
}

void transpose_filters(const at::Tensor& in, void* out, std::int64_t channels, std::int64_t taps) {
  const std::int64_t size = channels * taps;
  for (std::int64_t filter = 0; filter < in.size(0); ++filter) {
    if (in.element_size() == 4) {
      transpose_filter(static_cast<const std::uint32_t*>(in.const_data_ptr()) + filter * size,
                       static_cast<std::uint32_t*>(out) + filter * size, channels, taps);
    } else {
      transpose_filter(static_cast<const std::uint16_t*>(in.const_data_ptr()) + filter * size,
                       static_cast<std::uint16_t*>(out) + filter * size, channels, taps);
    }
  }
}

// Converts a few filters at a time into scratch and transposes them from there: one pass over memory for
// both.
void fill_channels_last(const at::Tensor& weight, const at::Tensor& out) {
  const std::int64_t channels = weight.size(1);
  const std::int64_t taps = weight.size(2) * weight.size(3);
  const std::int64_t size = std::max<std::int64_t>(channels * taps, 1);
  const std::int64_t filters_at_a_time = std::max<std::int64_t>(kElementsAtATime / size, 1);
  at::parallel_for(0, weight.size(0), filters_at_a_time, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin; first < end; first += filters_at_a_time) {
      const std::int64_t count = std::min(filters_at_a_time, end - first);
      const at::Tensor converted = weight.narrow(0, first, count).to(out.scalar_type()).contiguous();
      transpose_filters(converted, static_cast<char*>(out.data_ptr()) + first * size * out.element_size(),
                        channels, taps);
    }
  });
}

}  // namespace

at::Tensor empty_weight(at::IntArrayRef shape, at::ScalarType dtype, at::MemoryFormat format) {
  const auto options = at::TensorOptions().dtype(dtype);
  const std::size_t bytes = static_cast<std::size_t>(c10::multiply_integers(shape)) * c10::elementSize(dtype);
  void* const memory = bytes < kOwnPagesBytes ? MAP_FAILED
                                              : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return at::empty(shape, options, format);
  const auto unmap = [bytes](void* data) { unmap_weight(data, bytes); };
  at::Tensor flat = at::from_blob(memory, shape, unmap, options);
  ask_for_huge_pages(flat);
  if (format != at::MemoryFormat::ChannelsLast) return flat;
  return flat.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2});
}

at::Tensor prepared_copy(const at::Tensor& weight, const Placement& where) {
  if (!weight.defined()) return weight;
  if (!where.device.is_cpu()) return weight.to(where.device, where.dtype, false, true).contiguous();
  at::Tensor out = empty_weight(weight.sizes(), where.dtype, at::MemoryFormat::Contiguous);
  out.copy_(weight);
  return out;
}

at::Tensor prepared_channels_last(const at::Tensor& weight, const Placement& where) {
  if (!weight.defined()) return weight;
  require_shape(weight.dim() == 4, "prepared_channels_last", "weight", "[C_out, C_in, kh, kw]", weight);
  if (!where.device.is_cpu()) {
    return weight.to(where.device, where.dtype, false, true).contiguous(at::MemoryFormat::ChannelsLast);
  }
  at::Tensor out = empty_weight(weight.sizes(), where.dtype, at::MemoryFormat::ChannelsLast);
  const bool one_tap = weight.size(2) * weight.size(3) == 1;
  if (one_tap || out.element_size() > 4 || !weight.is_contiguous()) {
    out.copy_(weight);
  } else {
    fill_channels_last(weight, out);
  }
  return out;
}

}  // namespace sdw::ops

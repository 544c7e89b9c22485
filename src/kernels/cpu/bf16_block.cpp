#include "kernels/cpu/bf16_block.h"

#include <atomic>
#include <hwy/highway.h>
#include <stdexcept>

#if defined(__x86_64__) && defined(__linux__)
#define SDW_BF16_UNITS 1
#include <asm/prctl.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define SDW_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define SDW_AMX __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16,amx-tile,amx-bf16")))
#endif

namespace sdw::kernels::cpu {
namespace {

std::atomic<int> chosen{-1};

#ifdef SDW_BF16_UNITS

bool has_avx512_bf16() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
}

// Linux lends the tile registers to a process that asks for them, once, for all its threads.
bool has_amx() {
  constexpr unsigned long kAskForState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  unsigned eax = 7, ebx = 0, ecx = 0, edx = 0;
  __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  constexpr unsigned kAmxBf16 = 1U << 22, kAmxTile = 1U << 24;
  if ((edx & kAmxBf16) == 0 || (edx & kAmxTile) == 0 || !has_avx512_bf16()) return false;
  return ::syscall(SYS_arch_prctl, kAskForState, kTileData) == 0;
}

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// 32 rows by 32 columns: tiles 0 to 3 hold the sums, 4 and 5 the rows, 6 and 7 the columns.
SDW_AMX void multiply_tiles_amx(const Bf16Block& block, std::size_t row, const std::uint16_t* panel,
                                float* c) {
  const std::size_t c_bytes = block.c_stride * sizeof(float), a_bytes = block.a_stride * sizeof(*block.a);
  float* const lower = c + 16 * block.c_stride;
  if (block.add) {
    _tile_loadd(0, c, c_bytes);
    _tile_loadd(1, c + 16, c_bytes);
    _tile_loadd(2, lower, c_bytes);
    _tile_loadd(3, lower + 16, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (std::size_t s = 0; s < block.segments; ++s) {
    const std::uint16_t* a = block.a + static_cast<std::ptrdiff_t>(row * block.a_stride) + block.offsets[s];
    for (std::size_t k = 0; k < block.depth; k += 32, a += 32, panel += 32 * kBf16Columns) {
      _tile_loadd(6, panel, 128);
      _tile_loadd(4, a, a_bytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, panel + 32, 128);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, a + 16 * block.a_stride, a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + 16, c_bytes);
  _tile_stored(2, lower, c_bytes);
  _tile_stored(3, lower + 16, c_bytes);
}

SDW_AMX void multiply_amx(const Bf16Block& block) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  for (std::size_t p = 0; p < block.panel_count; ++p) {
    for (std::size_t row = 0; row < block.rows; row += 32) {
      multiply_tiles_amx(block, row, block.panels + p * block.panel_stride,
                         block.c + row * block.c_stride + p * kBf16Columns);
    }
  }
  _tile_release();
}

// Both values of a pair, in every lane.
SDW_AVX512 inline __m512bh broadcast_pair(const std::uint16_t* from) {
  std::int32_t pair;
  __builtin_memcpy(&pair, from, sizeof(pair));
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
}

// kRows rows by 32 columns.
template <std::size_t kRows>
SDW_AVX512 void multiply_rows_avx512(const Bf16Block& block, std::size_t row, const std::uint16_t* panel,
                                     float* c) {
  __m512 sums[kRows][2];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
    sums[r][0] = block.add ? _mm512_loadu_ps(c + r * block.c_stride) : _mm512_setzero_ps();
    sums[r][1] = block.add ? _mm512_loadu_ps(c + r * block.c_stride + 16) : _mm512_setzero_ps();
  }
  for (std::size_t s = 0; s < block.segments; ++s) {
    const std::uint16_t* a = block.a + static_cast<std::ptrdiff_t>(row * block.a_stride) + block.offsets[s];
    for (std::size_t k = 0; k < block.depth; k += 2, a += 2, panel += 2 * kBf16Columns) {
      const auto left = reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel));
      const auto right = reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel + 32));
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) {
        const __m512bh value = broadcast_pair(a + r * block.a_stride);
        sums[r][0] = _mm512_dpbf16_ps(sums[r][0], value, left);
        sums[r][1] = _mm512_dpbf16_ps(sums[r][1], value, right);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(c + r * block.c_stride, sums[r][0]);
    _mm512_storeu_ps(c + r * block.c_stride + 16, sums[r][1]);
  }
}

SDW_AVX512 void multiply_avx512(const Bf16Block& block) {
  constexpr std::size_t kRows = 8;
  for (std::size_t p = 0; p < block.panel_count; ++p) {
    for (std::size_t row = 0; row < block.rows; row += kRows) {
      multiply_rows_avx512<kRows>(block, row, block.panels + p * block.panel_stride,
                                  block.c + row * block.c_stride + p * kBf16Columns);
    }
  }
}

SDW_AVX512 void convert_avx512(const float* from, std::size_t count, std::uint16_t* to) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(from + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), reinterpret_cast<__m256i>(rounded));
  }
  if (i == count) return;
  const auto mask = static_cast<__mmask16>((1U << (count - i)) - 1);
  const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from + i));
  _mm256_mask_storeu_epi16(to + i, mask, reinterpret_cast<__m256i>(rounded));
}

#endif

}  // namespace

bool has_bf16_unit(Bf16Unit unit) {
  if (unit == Bf16Unit::none) return true;
#ifdef SDW_BF16_UNITS
  static const bool avx512 = has_avx512_bf16(), amx = has_amx();
  return unit == Bf16Unit::amx ? amx : avx512;
#else
  return false;
#endif
}

namespace {

Bf16Unit best_bf16_unit() {
  // Only beside kernels that are built for AVX-512 too.
  if ((HWY_TARGETS & hwy::SupportedTargets() & HWY_AVX3_DL) == 0) return Bf16Unit::none;
  if (has_bf16_unit(Bf16Unit::amx)) return Bf16Unit::amx;
#ifdef SDW_BF16_UNITS
  if (has_bf16_unit(Bf16Unit::avx512) && __builtin_cpu_is("amd")) return Bf16Unit::avx512;
#endif
  return Bf16Unit::none;
}

}  // namespace

Bf16Unit bf16_unit() {
  const int unit = chosen.load(std::memory_order_relaxed);
  static const Bf16Unit best = best_bf16_unit();
  return unit < 0 ? best : static_cast<Bf16Unit>(unit);
}

void choose_bf16_unit(Bf16Unit unit) {
  chosen = static_cast<int>(unit);
}

void multiply_bf16(const Bf16Block& block) {
#ifdef SDW_BF16_UNITS
  if (bf16_unit() == Bf16Unit::amx) return multiply_amx(block);
  if (bf16_unit() == Bf16Unit::avx512) return multiply_avx512(block);
#endif
  static_cast<void>(block);
  throw std::logic_error("multiply_bf16: this CPU has no bfloat16 unit");
}

void to_bf16(const float* from, std::size_t count, std::uint16_t* to) {
#ifdef SDW_BF16_UNITS
  if (bf16_unit() != Bf16Unit::none) return convert_avx512(from, count, to);
#endif
  static_cast<void>(from), static_cast<void>(count), static_cast<void>(to);
  throw std::logic_error("to_bf16: this CPU has no bfloat16 unit");
}

}  // namespace sdw::kernels::cpu

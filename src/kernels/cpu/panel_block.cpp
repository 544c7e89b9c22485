#include "kernels/cpu/panel_block.h"

#include <atomic>
#include <hwy/highway.h>
#include <stdexcept>

#include "kernels/cpu/instruction_set.h"

#if defined(__x86_64__) && defined(__linux__)
#define SDW_PANEL_UNITS 1
#include <asm/prctl.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define SDW_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni")))
#define SDW_AMX __attribute__((target("avx512f,avx512bw,avx512vl,amx-tile,amx-bf16,amx-int8")))
#endif

namespace sdw::kernels::cpu {
namespace {

std::atomic<int> chosen{-1};
constexpr std::size_t kRowsAvx512 = 8;  // of a register tile

#ifdef SDW_PANEL_UNITS

bool has_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

bool has_avx512_bf16() {
  return has_avx512_vnni() && __builtin_cpu_supports("avx512bf16");
}

// Linux lends the tile registers to a process that asks for them, once, for all its threads.
bool has_amx() {
  constexpr unsigned long kAskForState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  unsigned eax = 7, ebx = 0, ecx = 0, edx = 0;
  __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  constexpr unsigned kAmx = 1U << 22 | 1U << 24 | 1U << 25;  // bfloat16, tiles, bytes
  if ((edx & kAmx) != kAmx || !has_avx512_bf16()) return false;
  return ::syscall(SYS_arch_prctl, kAskForState, kTileData) == 0;
}

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Tile numbers are part of the instruction, so no function can take them.
#define SDW_ADD_TILE_PRODUCT(sums, rows, columns) \
  if constexpr (kType == PanelType::int8)         \
    _tile_dpbusd(sums, rows, columns);            \
  else                                            \
    _tile_dpbf16ps(sums, rows, columns)

// 32 rows by 32 columns: tiles 0 to 3 hold the sums, 4 and 5 the rows, 6 and 7 the columns.
template <PanelType kType>
SDW_AMX void multiply_tiles_amx(const PanelBlock& block, std::size_t row, const Word* panel, float* c) {
  const std::size_t c_bytes = block.c_stride * sizeof(float), a_bytes = block.a_stride * sizeof(Word);
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
    const Word* a = block.a + static_cast<std::ptrdiff_t>(row * block.a_stride) + block.offsets[s];
    for (std::size_t k = 0; k < block.depth; k += 32, a += 32, panel += 32 * kPanelColumns) {
      _tile_loadd(6, panel, 128);
      _tile_loadd(4, a, a_bytes);
      SDW_ADD_TILE_PRODUCT(0, 4, 6);
      _tile_loadd(7, panel + 32, 128);
      SDW_ADD_TILE_PRODUCT(1, 4, 7);
      _tile_loadd(5, a + 16 * block.a_stride, a_bytes);
      SDW_ADD_TILE_PRODUCT(2, 5, 6);
      SDW_ADD_TILE_PRODUCT(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + 16, c_bytes);
  _tile_stored(2, lower, c_bytes);
  _tile_stored(3, lower + 16, c_bytes);
}

#undef SDW_ADD_TILE_PRODUCT

template <PanelType kType>
SDW_AMX void multiply_amx(const PanelBlock& block) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  for (std::size_t p = 0; p < block.columns / kPanelColumns; ++p) {
    for (std::size_t row = 0; row < block.rows; row += 32) {
      multiply_tiles_amx<kType>(block, row, block.panels + p * block.panel_stride,
                                block.c + row * block.c_stride + p * kPanelColumns);
    }
  }
  _tile_release();
}

// Both words of a pair, in every lane.
SDW_AVX512 inline __m512i broadcast_pair(const Word* from) {
  std::int32_t pair;
  __builtin_memcpy(&pair, from, sizeof(pair));
  return _mm512_set1_epi32(pair);
}

template <PanelType kType>
SDW_AVX512 inline __m512i add_products(__m512i sums, __m512i row, __m512i columns) {
  if constexpr (kType == PanelType::int8) return _mm512_dpbusd_epi32(sums, row, columns);
  return _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sums), reinterpret_cast<__m512bh>(row),
                                              reinterpret_cast<__m512bh>(columns)));
}

// kRows rows by kVectors times 16 columns. The first rows that meet a panel ask for what follows in it.
template <PanelType kType, std::size_t kRows, std::size_t kVectors, bool kFirst>
SDW_AVX512 void multiply_rows_avx512(const PanelBlock& block, std::size_t row, const Word* panel, float* c) {
  constexpr std::size_t kAhead = 4096;  // words
  __m512i sums[kRows][kVectors], columns[kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[r][v] = block.add ? _mm512_loadu_si512(c + r * block.c_stride + 16 * v) : _mm512_setzero_si512();
    }
  }
  for (std::size_t s = 0; s < block.segments; ++s) {
    const Word* a = block.a + static_cast<std::ptrdiff_t>(row * block.a_stride) + block.offsets[s];
    for (std::size_t k = 0; k < block.depth; k += 2, a += 2, panel += 2 * kPanelColumns) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v) {
        columns[v] = _mm512_loadu_si512(panel + 32 * v);
        if (kFirst) __builtin_prefetch(panel + 32 * v + kAhead, 0, 2);
      }
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) {
        const __m512i pair = broadcast_pair(a + r * block.a_stride);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) {
          sums[r][v] = add_products<kType>(sums[r][v], pair, columns[v]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) {
      _mm512_storeu_si512(c + r * block.c_stride + 16 * v, sums[r][v]);
    }
  }
}

template <PanelType kType>
SDW_AVX512 void multiply_avx512(const PanelBlock& block) {
  constexpr std::size_t kRows = kRowsAvx512;
  const Word* panel = block.panels;
  for (std::size_t first = 0; first < block.columns; first += kPanelColumns, panel += block.panel_stride) {
    const bool whole = block.columns - first >= kPanelColumns;
    for (std::size_t row = 0; row < block.rows; row += kRows) {
      float* const c = block.c + row * block.c_stride + first;
      if (!whole) {
        multiply_rows_avx512<kType, kRows, 1, false>(block, row, panel, c);
      } else if (row == 0) {
        multiply_rows_avx512<kType, kRows, 2, true>(block, row, panel, c);
      } else {
        multiply_rows_avx512<kType, kRows, 2, false>(block, row, panel, c);
      }
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

bool has_panel_unit(PanelUnit unit) {
#ifdef SDW_PANEL_UNITS
  static const bool here[] = {true, has_avx512_vnni(), has_avx512_bf16(), has_amx()};
  return here[static_cast<int>(unit)];
#else
  return unit == PanelUnit::none;
#endif
}

namespace {

PanelUnit best_panel_unit() {
#ifdef SDW_PANEL_UNITS
  // Only beside kernels that are built for AVX-512 too.
  if ((HWY_TARGETS & enabled_targets() & HWY_AVX3) == 0) return PanelUnit::none;
  if (has_panel_unit(PanelUnit::amx)) return PanelUnit::amx;
  if (has_panel_unit(PanelUnit::avx512_bf16) && __builtin_cpu_is("amd")) return PanelUnit::avx512_bf16;
  if (has_panel_unit(PanelUnit::avx512_vnni)) return PanelUnit::avx512_vnni;
#endif
  return PanelUnit::none;
}

}  // namespace

PanelUnit panel_unit() {
  const int unit = chosen.load(std::memory_order_relaxed);
  if (unit >= 0) return static_cast<PanelUnit>(unit);
  static const PanelUnit best = best_panel_unit();
  return best;
}

void choose_panel_unit(PanelUnit unit) {
  chosen = static_cast<int>(unit);
}

BlockUnits block_units() {
  return panel_unit() == PanelUnit::amx ? BlockUnits{32, 32, 32} : BlockUnits{kRowsAvx512, 2, 16};
}

bool can_multiply(PanelType type) {
  return panel_unit() >= (type == PanelType::int8 ? PanelUnit::avx512_vnni : PanelUnit::avx512_bf16);
}

void multiply(const PanelBlock& block) {
#ifdef SDW_PANEL_UNITS
  const bool bytes = block.type == PanelType::int8;
  if (panel_unit() == PanelUnit::amx) {
    return bytes ? multiply_amx<PanelType::int8>(block) : multiply_amx<PanelType::bf16>(block);
  }
  if (can_multiply(block.type)) {
    return bytes ? multiply_avx512<PanelType::int8>(block) : multiply_avx512<PanelType::bf16>(block);
  }
#endif
  static_cast<void>(block);
  throw std::logic_error("multiply: this CPU does not multiply values of that type");
}

void to_bf16(const float* from, std::size_t count, std::uint16_t* to) {
#ifdef SDW_PANEL_UNITS
  if (can_multiply(PanelType::bf16)) return convert_avx512(from, count, to);
#endif
  static_cast<void>(from), static_cast<void>(count), static_cast<void>(to);
  throw std::logic_error("to_bf16: this CPU has no bfloat16 unit");
}

}  // namespace sdw::kernels::cpu

// Attention with one query in each lane of a vector. Keys and values are read a word at a time into all lanes
// (4 bytes of the depth of a sum: one float32, two bfloat16 or four bytes), so that no maximum and no sum
// crosses lanes, and no head size is filled up to whole vectors.
//
// Included into a namespace of its own for each set of instructions that products are compiled with: no
// include guard. `Products` says how values become words, and multiplies them.

template <class Products>
struct LaneSizes : LaneAttentionSizes {
  explicit LaneSizes(const Attention& attention)
      : LaneAttentionSizes(attention, kGeometry, {Products::kGroup, Products::kKeyBlock, Products::kBytes}) {}
};

// Bytes: query = scale * (byte - 128), key = scale * byte + mean, value = scale * byte + mean. The scale is
// the token's, or, like the mean, the channel's. What the keys' mean adds to a query's scores is the same for
// all keys, and the softmax does not see it.
template <class Products>
class LaneAttention {
 public:
  using Sizes = LaneSizes<Products>;
  static constexpr std::size_t kBlockQueries = kQueries;

  LaneAttention(const Attention& attention, float* head, float* thread)
      : attention_(attention),
        sizes_(attention),
        key_(reinterpret_cast<std::uint32_t*>(head)),
        value_(key_ + sizes_.key),
        key_scale_(head + sizes_.key + sizes_.value),
        key_start_(reinterpret_cast<std::int32_t*>(key_scale_ + sizes_.key_ends)),
        value_scale_(key_scale_ + 2 * sizes_.key_ends),
        value_mean_(value_scale_ + sizes_.value_ends),
        query_(reinterpret_cast<std::uint32_t*>(thread)),
        scores_(thread + sizes_.query),
        output_(scores_ + sizes_.scores),
        scale_(output_ + sizes_.output),
        most_(scale_ + kQueries),
        sum_(most_ + kQueries),
        keep_(sum_ + kQueries),
        take_(keep_ + kQueries) {}

  // Keys and values `first` to `last`; of bytes all at once.
  void pack(const HeadRows& keys, const HeadRows& values, std::size_t first, std::size_t last) const {
    if constexpr (Products::kBytes) {
      pack_byte_keys(keys);
      scale_values(values);
    } else {
      for (std::size_t k = first; k < last; ++k) {
        std::uint32_t* const words = key_ + k * sizes_.depth;
        std::fill_n(words, sizes_.depth, 0U);
        if (k < keys.count) Products::to_words(keys.row(k), attention_.head_dim, words);
      }
    }
    for (std::size_t k = first; k < last; k += Products::kGroup) pack_values(values, k);
  }

  // The block of queries that begins at `first`.
  void attend(const HeadRows& queries, std::size_t first, std::size_t count) const {
    set_queries(queries, first, count);
    std::fill_n(output_, sizes_.output, 0.0F);
    std::fill_n(most_, kQueries, kLowest);
    std::fill_n(sum_, kQueries, 0.0F);
    const std::size_t all = attention_.causal ? std::min(attention_.keys, first + count) : attention_.keys;
    for (std::size_t key = 0; key < all; key += Products::kKeyBlock) {
      const std::size_t keys = std::min(Products::kKeyBlock, sizes_.keys - key);
      score(key, keys);
      if (key + keys > (attention_.causal ? first + 1 : attention_.keys)) hide_unseen(first, key, keys);
      for (std::size_t v = 0; v < kQueryVectors; ++v) take_exponentials(v, keys);
      add_values(key, keys);
    }
  }

  void write_output(float* output, std::size_t stride, std::size_t count) const {
    for (std::size_t v = 0; v < kQueryVectors; ++v) {
      const FloatVector factor = hn::Div(hn::Set(kFloat, 1.0F), hn::Load(kFloat, sum_ + v * kLanes));
      for (std::size_t d = 0; d < attention_.head_dim; ++d) {
        float* const at = output_ + d * kQueries + v * kLanes;
        FloatVector value = hn::Mul(hn::Load(kFloat, at), factor);
        if constexpr (Products::kBytes) {
          value = hn::MulAdd(value, hn::Set(kFloat, value_scale_[d]), hn::Set(kFloat, value_mean_[d]));
        }
        hn::Store(value, kFloat, at);
      }
    }
    transpose(reinterpret_cast<const std::uint32_t*>(output_), kQueries, attention_.head_dim, count,
              reinterpret_cast<std::uint32_t*>(output), stride);
  }

 private:
  using Sum = typename Products::Sum;
  static constexpr float kLowest = std::numeric_limits<float>::lowest();
  static constexpr float kLargestByte = 127.0F;

  // Mean of each channel, and the largest difference from it.
  static void mean_and_reach(const HeadRows& rows, std::size_t channel, std::size_t channels, float* mean,
                             float* reach) {
    FloatVector sum = hn::Zero(kFloat), low = load_some(rows.row(0) + channel, channels), high = low;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const FloatVector value = load_some(rows.row(i) + channel, channels);
      sum = hn::Add(sum, value);
      low = hn::Min(low, value);
      high = hn::Max(high, value);
    }
    sum = hn::Mul(sum, hn::Set(kFloat, 1.0F / static_cast<float>(rows.count)));
    store_some(sum, mean + channel, channels);
    store_some(hn::Max(hn::Sub(high, sum), hn::Sub(sum, low)), reach + channel, channels);
  }

  void pack_byte_keys(const HeadRows& keys) const {
    // The values' ends are not written yet, and as long as a key.
    float *const mean = value_mean_, *const centred = value_scale_;
    const std::size_t dim = attention_.head_dim;
    for (std::size_t d = 0; d < dim; d += kLanes) {
      mean_and_reach(keys, d, std::min(kLanes, dim - d), mean, centred);
    }
    for (std::size_t k = 0; k < sizes_.keys; ++k) {
      auto* const bytes = reinterpret_cast<std::int8_t*>(key_ + k * sizes_.depth);
      std::fill_n(bytes, sizes_.depth * sizeof(std::uint32_t), std::int8_t{0});
      key_scale_[k] = 0;
      key_start_[k] = 0;
      if (k >= keys.count) continue;
      for (std::size_t d = 0; d < dim; ++d) centred[d] = keys.row(k)[d] - mean[d];
      const ByteScale by = symmetric_scale(centred);
      to_bytes(centred, dim, by, reinterpret_cast<std::uint8_t*>(bytes));
      std::int32_t total = 0;
      for (std::size_t d = 0; d < dim; ++d) {
        bytes[d] = static_cast<std::int8_t>(bytes[d] ^ -128);
        total += bytes[d];
      }
      key_scale_[k] = by.scale;
      key_start_[k] = -128 * total;
    }
  }

  ByteScale symmetric_scale(const float* row) const {
    const Range range = range_of(row, attention_.head_dim);
    const float largest = std::max(-range.low, range.high);
    return {largest > 0 ? largest / kLargestByte : 1.0F, 128};
  }

  void scale_values(const HeadRows& values) const {
    std::fill_n(value_scale_, 2 * sizes_.value_ends, 0.0F);
    for (std::size_t d = 0; d < attention_.head_dim; d += kLanes) {
      mean_and_reach(values, d, std::min(kLanes, attention_.head_dim - d), value_mean_, value_scale_);
    }
    for (std::size_t d = 0; d < attention_.head_dim; ++d) value_scale_[d] /= kLargestByte;
  }

  void pack_values(const HeadRows& values, std::size_t first) const {
    std::uint32_t* const words = value_ + first / Products::kGroup * sizes_.width;
    for (std::size_t d = 0; d < sizes_.width; d += kLanes) {
      const std::size_t real = std::min(kLanes, attention_.head_dim - std::min(d, attention_.head_dim));
      FloatVector group[Products::kGroup];
      for (std::size_t j = 0; j < Products::kGroup; ++j) {
        group[j] = hn::Zero(kFloat);
        if (first + j >= values.count || real == 0) continue;
        group[j] = load_some(values.row(first + j) + d, real);
        if constexpr (Products::kBytes) {
          const FloatVector scale = load_some(value_scale_ + d, real);
          const auto varies = hn::Gt(scale, hn::Zero(kFloat));
          group[j] = hn::Sub(group[j], load_some(value_mean_ + d, real));
          group[j] = hn::IfThenElseZero(varies, hn::Div(group[j], scale));
        }
      }
      store_some(hn::BitCast(kFloat, Products::value_word(group)), reinterpret_cast<float*>(words + d),
                 std::min(kLanes, sizes_.width - d));
    }
  }

  void set_queries(const HeadRows& queries, std::size_t first, std::size_t count) const {
    const float scale = score_scale(attention_.head_dim);
    std::fill_n(query_, sizes_.query, 0U);
    std::fill_n(scale_, kQueries, scale);
    if constexpr (Products::kGroup == 1) {
      transpose(reinterpret_cast<const std::uint32_t*>(queries.row(first)), queries.stride, count,
                sizes_.depth, query_, kQueries);
      return;
    }
    auto* const rows = reinterpret_cast<std::uint32_t*>(output_);  // not in use yet
    std::fill_n(rows, count * sizes_.depth, 0U);
    for (std::size_t q = 0; q < count; ++q) {
      const float* const row = queries.row(first + q);
      std::uint32_t* const words = rows + q * sizes_.depth;
      if constexpr (Products::kBytes) {
        const ByteScale by = symmetric_scale(row);
        to_bytes(row, attention_.head_dim, by, reinterpret_cast<std::uint8_t*>(words));
        scale_[q] = scale * by.scale;
      } else {
        Products::to_words(row, attention_.head_dim, words);
      }
    }
    transpose(rows, sizes_.depth, count, sizes_.depth, query_, kQueries);
  }

  // sums[r][v] += sum over w of lanes[w, v] * words[r * row_stride + w * word_stride].
  static HWY_INLINE void multiply(const std::uint32_t* HWY_RESTRICT lanes, std::size_t depth,
                                  const std::uint32_t* HWY_RESTRICT words, std::size_t row_stride,
                                  std::size_t word_stride, Sum (&sums)[kTileKeys][kQueryVectors]) {
    for (std::size_t w = 0; w < depth; ++w, lanes += kQueries, words += word_stride) {
      hn::Vec<WordTag> vectors[kQueryVectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kQueryVectors; ++v) vectors[v] = hn::Load(kWord, lanes + v * kLanes);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileKeys; ++r) {
        const auto word = hn::Set(kWord, words[r * row_stride]);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kQueryVectors; ++v) {
          sums[r][v] = Products::multiply_add(vectors[v], word, sums[r][v]);
        }
      }
    }
  }

  // Scores [keys, kQueries] of the keys from `first` on, and their maxima, both without the query's scale.
  void score(std::size_t first, std::size_t keys) const {
    FloatVector most[kQueryVectors];
    for (FloatVector& m : most) m = hn::Set(kFloat, kLowest);
    for (std::size_t k = 0; k < keys; k += kTileKeys) {
      Sum sums[kTileKeys][kQueryVectors];
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileKeys; ++r) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kQueryVectors; ++v) {
          if constexpr (Products::kBytes) {
            sums[r][v] = Products::start(key_start_[first + k + r]);
          } else {
            sums[r][v] = Products::zero();
          }
        }
      }
      multiply(query_, sizes_.depth, key_ + (first + k) * sizes_.depth, sizes_.depth, 1, sums);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileKeys; ++r) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kQueryVectors; ++v) {
          FloatVector value = Products::to_float(sums[r][v]);
          if constexpr (Products::kBytes) value = hn::Mul(value, hn::Set(kFloat, key_scale_[first + k + r]));
          hn::Store(value, kFloat, scores_ + (k + r) * kQueries + v * kLanes);
          most[v] = hn::Max(most[v], value);
        }
      }
    }
    for (std::size_t v = 0; v < kQueryVectors; ++v) hn::Store(most[v], kFloat, take_ + v * kLanes);
  }

  // The scores of keys that a query does not see become the lowest there is; the maxima are taken anew.
  void hide_unseen(std::size_t first_query, std::size_t first_key, std::size_t keys) const {
    const auto integer = [](std::size_t i) HWY_ATTR { return hn::Set(kInt, static_cast<std::int32_t>(i)); };
    const auto end = integer(attention_.keys);
    for (std::size_t v = 0; v < kQueryVectors; ++v) {
      const auto after_query = hn::Iota(kInt, static_cast<std::int32_t>(first_query + v * kLanes + 1));
      const auto seen_end = attention_.causal ? hn::Min(after_query, end) : end;
      FloatVector most = hn::Set(kFloat, kLowest);
      for (std::size_t k = 0; k < keys; ++k) {
        float* const at = scores_ + k * kQueries + v * kLanes;
        const auto seen = hn::RebindMask(kFloat, hn::Lt(integer(first_key + k), seen_end));
        const FloatVector value = hn::IfThenElse(seen, hn::Load(kFloat, at), hn::Set(kFloat, kLowest));
        hn::Store(value, kFloat, at);
        most = hn::Max(most, value);
      }
      hn::Store(most, kFloat, take_ + v * kLanes);
    }
  }

  // Scores become words of 2^(score - the block's maximum), in their place. What was summed up so far and
  // what this block adds are each to be multiplied, by `keep_` and `take_`, to be relative to the same
  // maximum.
  void take_exponentials(std::size_t v, std::size_t keys) const {
    const FloatVector scale = hn::Load(kFloat, scale_ + v * kLanes);
    const FloatVector block_most = hn::Mul(hn::Load(kFloat, take_ + v * kLanes), scale);
    auto total = Products::no_total();
    const float* from = scores_ + v * kLanes;
    auto* to = reinterpret_cast<std::uint32_t*>(scores_) + v * kLanes;
    for (std::size_t k = 0; k < keys; k += Products::kGroup, to += kQueries) {
      FloatVector values[Products::kGroup];
#pragma GCC unroll 4
      for (std::size_t j = 0; j < Products::kGroup; ++j, from += kQueries) {
        values[j] = Products::exponential(hn::MulSub(hn::Load(kFloat, from), scale, block_most));
      }
      hn::Store(Products::word(values, total), kWord, to);
    }
    const FloatVector before = hn::Load(kFloat, most_ + v * kLanes), most = hn::Max(before, block_most);
    const FloatVector keep = exp2_of_negative(hn::Sub(before, most));
    const FloatVector take = exp2_of_negative(hn::Sub(block_most, most));
    const FloatVector sum = hn::Mul(hn::Load(kFloat, sum_ + v * kLanes), keep);
    hn::Store(hn::MulAdd(Products::of_total(total, keys), take, sum), kFloat, sum_ + v * kLanes);
    hn::Store(most, kFloat, most_ + v * kLanes);
    hn::Store(keep, kFloat, keep_ + v * kLanes);
    hn::Store(take, kFloat, take_ + v * kLanes);
  }

  // output = output * keep + (probabilities times values) * take.
  void add_values(std::size_t first, std::size_t keys) const {
    const auto* const probabilities = reinterpret_cast<const std::uint32_t*>(scores_);
    const std::uint32_t* const values = value_ + first / Products::kGroup * sizes_.width;
    for (std::size_t d = 0; d < sizes_.width; d += kTileKeys) {
      Sum sums[kTileKeys][kQueryVectors];
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileKeys; ++r) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kQueryVectors; ++v) sums[r][v] = Products::zero();
      }
      multiply(probabilities, keys / Products::kGroup, values + d, 1, sizes_.width, sums);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kTileKeys; ++r) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kQueryVectors; ++v) {
          float* const at = output_ + (d + r) * kQueries + v * kLanes;
          const FloatVector kept = hn::Mul(hn::Load(kFloat, at), hn::Load(kFloat, keep_ + v * kLanes));
          const FloatVector taken = Products::to_float(sums[r][v]);
          hn::Store(hn::MulAdd(taken, hn::Load(kFloat, take_ + v * kLanes), kept), kFloat, at);
        }
      }
    }
  }

  const Attention& attention_;
  Sizes sizes_;
  // Of the head: keys [keys, depth], values [keys / kGroup, width]; of bytes a scale and the sums' start for
  // each key, a scale and the mean of each channel of the values.
  std::uint32_t *key_, *value_;
  float* key_scale_;
  std::int32_t* key_start_;
  float *value_scale_, *value_mean_;
  // Of a block of queries: [depth, kQueries]; scores, then words [keys, kQueries]; output [width, kQueries];
  // and a value for each query.
  std::uint32_t* query_;
  float *scores_, *output_, *scale_, *most_, *sum_, *keep_, *take_;
};

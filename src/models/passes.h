#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>

#include "ops/take_rows.h"

namespace sdw::models {

// Whom each pass of an evaluation is about: [0, 0, 1] are two over the first picture, as guidance makes them,
// and one over the second. Ascending, and each picture has at least one.
using PassPictures = std::span<const std::int64_t>;

// `state` [P, ...] of the pictures as the passes see it, [B, ...]. One that is of the passes is left as it
// is.
inline at::Tensor of_passes(const at::Tensor& state, PassPictures pictures) {
  return state.size(0) == static_cast<std::int64_t>(pictures.size()) ? state
                                                                     : ops::take_rows(state, pictures);
}

}  // namespace sdw::models

#pragma once

#include <ATen/core/Tensor.h>

#include "ops/precision.h"

namespace sdw::ops {

// softmax(q k^T / sqrt(d)) v for `heads` heads of size d. `query` [B, Q, heads*d], `key` and `value` [B, K,
// heads*d] -> [B, Q, heads*d]. `causal`: query i sees keys 0..i.
at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                     Precision precision, bool causal = false);

}  // namespace sdw::ops

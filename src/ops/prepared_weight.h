#pragma once

#include <ATen/core/Tensor.h>

#include "ops/precision.h"

namespace sdw::ops {

// Copies of a weight in the arithmetic's type and on its device, made by all threads in one pass over the
// source and backed by huge pages where the system gives them. They never share memory with the source, which
// is a mapped file.

// Of no particular content, on the CPU, asking for huge pages.
at::Tensor empty_weight(at::IntArrayRef shape, at::ScalarType dtype,
                        at::MemoryFormat format = at::MemoryFormat::Contiguous);
// The same shape, contiguous. An undefined tensor stays undefined.
at::Tensor prepared_copy(const at::Tensor& weight, const Placement& where);
// `weight` [C_out, C_in, kh, kw] -> the same shape, channels-last.
at::Tensor prepared_channels_last(const at::Tensor& weight, const Placement& where);

}  // namespace sdw::ops

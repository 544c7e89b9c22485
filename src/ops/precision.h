#pragma once

#include <ATen/core/Tensor.h>

namespace sdw::ops {

// What the user chose: float32 arithmetic; 16-bit arithmetic where the device has it; 8-bit products.
enum class Precision { exact, fast, int8 };

// Where weights go and what arithmetic runs over them. `dtype` is the type of the activations.
struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  Precision precision = Precision::exact;
};

// Are products placed so products of bytes? Where the CPU has none, int8 is fast.
bool in_bytes(const Placement& where);

// For layers in which 8 bits would show: the same, with 16 bits where 8 are asked for.
Precision at_least_16_bits(Precision precision);
Placement at_least_16_bits(Placement where);

// True where SD_WORKER_OPS=aten forces the plain ATen version of every op.
bool aten_forced();
// True where our own kernels may run instead, as far as device and type say: float32 on the CPU.
bool takes_own_kernels(const at::Tensor& tensor);
bool takes_own_kernels(const Placement& where);

}  // namespace sdw::ops

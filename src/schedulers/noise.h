#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace sdw::schedulers {

// Standard normal noise of the shape and on the device of `like`, float32. It is always drawn on the CPU,
// from a CPU generator, so that a seed gives the same picture on every device.
at::Tensor draw_noise(const at::Tensor& like, at::Generator& generator);

}  // namespace sdw::schedulers

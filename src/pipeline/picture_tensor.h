#pragma once

#include <ATen/core/Tensor.h>

#include "io/picture.h"

namespace sdw::pipeline {

// diffusers' VaeImageProcessor.preprocess: resized (Lanczos) to width x height -> [1, 3, height, width]
// float32 in
// [-1, 1] on the CPU.
at::Tensor image_to_tensor(const io::Picture& picture, int width, int height);

// The mask processor: resized, grey, 1 where at least half white (repaint), else 0 -> [1, 1, height, width]
// float32.
at::Tensor mask_to_tensor(const io::Picture& mask, int width, int height);

// [3, H, W] or [1, 3, H, W] in [-1, 1] -> 8-bit RGB; clamped, rounded half to even as the reference does.
io::Picture tensor_to_image(const at::Tensor& image);

}  // namespace sdw::pipeline

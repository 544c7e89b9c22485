#pragma once

#include <cstdint>
#include <vector>

#include "io/picture.h"

namespace sdw::io {

// Lanczos (3 lobes) resampling with Pillow's arithmetic (`Image.resize(size, LANCZOS)`): antialiased,
// fixed-point, horizontal pass first, bit for bit. Source: Pillow's documentation of its resampling filters.
Picture resize_lanczos(const Picture& picture, int width, int height);

// ITU-R 601-2 luma of every pixel, as Pillow's `convert("L")`; width * height values.
std::vector<std::uint8_t> to_grey(const Picture& picture);

}  // namespace sdw::io

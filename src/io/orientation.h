#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "io/picture.h"

namespace sdw::io {

// How a camera was held, as EXIF tag 0x0112 counts it: 1 is upright, 2..8 are the other mirrorings and
// quarter turns. Both readers return 1 for anything they do not understand.

// `exif` is a TIFF structure, with or without "Exif\0\0" before it (Exif 2.32, section 4.5).
int orientation_from_exif(std::span<const std::byte> exif);

// `tiff:Orientation` in an XMP packet, as attribute or element.
int orientation_from_xmp(std::string_view xmp);

// The picture turned upright.
Picture upright(Picture picture, int orientation);

}  // namespace sdw::io

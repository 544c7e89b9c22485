#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "io/picture.h"

namespace sdw::io {

// How the camera was held, as EXIF tag 0x0112 counts it: 1 is upright, 2..8 are the other mirrorings and
// quarter turns; anything else means nothing. Both readers return nothing where the tag is not there or
// cannot be made out.

// `exif` is a TIFF structure, with or without "Exif\0\0" before it (Exif 2.32, section 4.5).
std::optional<int> orientation_from_exif(std::span<const std::byte> exif);

// `tiff:Orientation` in an XMP packet, as attribute or element.
std::optional<int> orientation_from_xmp(std::string_view xmp);

// EXIF's answer, else XMP's, else 1; either may be empty.
int orientation_of(std::span<const std::byte> exif, std::string_view xmp);

// The picture turned upright.
Picture upright(Picture picture, int orientation);

}  // namespace sdw::io

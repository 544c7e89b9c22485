#pragma once

#include <span>

#include "support/asset.h"

namespace sdw::text {

std::span<const Asset> embedded_assets();  // the files of clip/

}  // namespace sdw::text

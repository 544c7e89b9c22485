#pragma once

#include <span>

#include "support/asset.h"

namespace sdw::contract {

std::span<const Asset> embedded_assets();  // the files of documents/

}  // namespace sdw::contract

#pragma once

#include <span>
#include <string_view>

#include "support/asset.h"

namespace sdw::http {

std::span<const Asset> embedded_assets();  // the files of web/

std::string_view content_type_of(std::string_view path);

}  // namespace sdw::http

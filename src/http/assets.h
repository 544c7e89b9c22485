#pragma once

#include <span>
#include <string_view>

namespace sdw::http {

// A file of web/, kept in the program.
struct Asset {
  std::string_view path;  // under web/: "index.html", "js/app.js"
  std::string_view bytes;
};

std::span<const Asset> embedded_assets();  // made by cmake/Embed.cmake

std::string_view content_type_of(std::string_view path);

}  // namespace sdw::http

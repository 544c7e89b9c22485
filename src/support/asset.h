#pragma once

#include <string_view>

namespace sdw {

// A file that cmake/Embed.cmake keeps in the program.
struct Asset {
  std::string_view path;  // under the embedded folder: "index.html", "js/app.js"
  std::string_view bytes;
};

}  // namespace sdw

#pragma once

#include <string_view>

namespace sdw::http {

// True where an Authorization header carries the key: "Bearer KEY", or "Basic" with the key as its password,
// so that a browser can open the page. Takes the same time whatever is wrong with it.
bool authorized(std::string_view authorization, std::string_view key);

}  // namespace sdw::http

#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>

#include "support/result.h"

namespace sdw::http {

// TLS 1.2 and newer with this certificate chain and key, both PEM. Error: invalid_request naming the file at
// fault.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const std::filesystem::path& certificate,
                                                                    const std::filesystem::path& key);

}  // namespace sdw::http

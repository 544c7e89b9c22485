#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

namespace sdw::http {

namespace net = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

template <class T>
using Task = net::awaitable<T>;

}  // namespace sdw::http

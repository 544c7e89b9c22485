#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

namespace sdw::http {

namespace net = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

// All of it runs on one io_context, so that its executor's type is known: asio's default erases the type,
// which every operation pays for.
using Executor = net::io_context::executor_type;
template <class T>
using Task = net::awaitable<T, Executor>;
using Socket = net::ip::tcp::socket::rebind_executor<Executor>::other;
using Acceptor = net::ip::tcp::acceptor::rebind_executor<Executor>::other;
using Timer = net::steady_timer::rebind_executor<Executor>::other;

// Completion token: co_await gives the result, and what failed goes to `error`.
inline auto await_or(error_code& error) {
  return net::redirect_error(net::use_awaitable_t<Executor>{}, error);
}

}  // namespace sdw::http

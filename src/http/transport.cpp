#include "http/transport.h"

#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_prefix.hpp>
#include <boost/beast/core/error.hpp>
#include <type_traits>
#include <vector>

namespace sdw::http {
namespace {

using net::ip::tcp;

// Runs `expired` when the time comes, unless it goes out of scope before.
class Alarm {
 public:
  template <class Expired>
  Alarm(net::steady_timer& timer, Transport::TimePoint at, Expired expired) : timer_(timer) {
    if (at == Transport::TimePoint::max()) return;
    timer_.expires_at(at);
    timer_.async_wait([expired, rang = rang_](const error_code& error) {
      if (error) return;
      *rang = true;
      expired();
    });
  }
  ~Alarm() { timer_.cancel(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  bool rang() const { return *rang_; }

 private:
  net::steady_timer& timer_;
  std::shared_ptr<bool> rang_ = std::make_shared<bool>(false);
};

template <class Stream>
class SocketTransport final : public Transport {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, tcp::socket>;

  template <class... Arguments>
  explicit SocketTransport(Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        read_timer_(stream_.get_executor()),
        write_timer_(stream_.get_executor()) {}

  Task<error_code> handshake(Duration limit) override {
    error_code error;
    if constexpr (kTls) {
      const Alarm alarm(read_timer_, std::chrono::steady_clock::now() + limit, [this] { close(); });
      co_await stream_.async_handshake(net::ssl::stream_base::server,
                                       net::redirect_error(net::use_awaitable, error));
    }
    co_return error;
  }

  Task<std::size_t> read_some(std::span<char> into, TimePoint until, error_code& error) override {
    // A read that ran out of time is only cancelled: the peer may still be told why.
    const Alarm alarm(read_timer_, until, [this] {
      error_code ignored;
      socket().cancel(ignored);
    });
    const std::size_t size = co_await stream_.async_read_some(net::buffer(into.data(), into.size()),
                                                              net::redirect_error(net::use_awaitable, error));
    if (error && alarm.rang()) error = beast::error::timeout;
    co_return size;
  }

  Task<error_code> write(std::span<const net::const_buffer> buffers, Duration limit) override {
    error_code error;
    std::vector<net::const_buffer> rest(buffers.begin(), buffers.end());
    std::size_t first = 0;
    while (first < rest.size() && !error) {
      if (rest[first].size() == 0) {
        ++first;
        continue;
      }
      std::size_t taken = 0;
      {
        const Alarm alarm(write_timer_, std::chrono::steady_clock::now() + limit, [this] { close(); });
        const std::span<const net::const_buffer> left(rest.data() + first, rest.size() - first);
        taken = co_await write_some(left, error);
      }
      for (; taken > 0 && first < rest.size(); ++first) {
        const std::size_t part = std::min(taken, rest[first].size());
        rest[first] += part;
        taken -= part;
        if (rest[first].size() > 0) break;
      }
    }
    co_return error;
  }

  Task<void> finish(Duration limit) override {
    error_code ignored;
    if constexpr (kTls) {
      const Alarm alarm(write_timer_, std::chrono::steady_clock::now() + limit, [this] { close(); });
      co_await stream_.async_shutdown(net::redirect_error(net::use_awaitable, ignored));
    }
    socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    socket().close(ignored);
  }

 private:
  tcp::socket& socket() {
    if constexpr (kTls)
      return stream_.next_layer();
    else
      return stream_;
  }

  Task<std::size_t> write_some(std::span<const net::const_buffer> buffers, error_code& error) {
    if constexpr (kTls) {
      // One record at a time: TLS encrypts on this thread, and a big picture must not hold it.
      const net::const_buffer record(buffers[0].data(), std::min<std::size_t>(buffers[0].size(), 16 << 10));
      co_return co_await stream_.async_write_some(record, net::redirect_error(net::use_awaitable, error));
    } else {
      co_return co_await stream_.async_write_some(buffers, net::redirect_error(net::use_awaitable, error));
    }
  }

  Stream stream_;
  net::steady_timer read_timer_;
  net::steady_timer write_timer_;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(tcp::socket socket) {
  return std::make_unique<SocketTransport<tcp::socket>>(std::move(socket));
}

std::unique_ptr<Transport> tls_transport(tcp::socket socket, net::ssl::context& context) {
  return std::make_unique<SocketTransport<net::ssl::stream<tcp::socket>>>(std::move(socket), context);
}

}  // namespace sdw::http

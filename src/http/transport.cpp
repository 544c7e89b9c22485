#include "http/transport.h"

#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_prefix.hpp>
#include <boost/beast/core/error.hpp>
#include <type_traits>
#include <vector>

#include "http/alarm.h"

namespace sdw::http {
namespace {

constexpr std::size_t kSmall = 16 << 10;
constexpr std::uint64_t kLeastBytesPerSecond = 16 << 10;  // a peer takes

template <class Stream>
class SocketTransport final : public Transport {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, Socket>;

  template <class... Arguments>
  explicit SocketTransport(Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        read_timer_(stream_.get_executor()),
        write_timer_(stream_.get_executor()) {
    error_code ignored;
    socket().non_blocking(true, ignored);
  }

  Task<error_code> handshake(Duration limit) override {
    error_code error;
    if constexpr (kTls) {
      const Alarm alarm(read_timer_, std::chrono::steady_clock::now() + limit, [this] { close(); });
      co_await stream_.async_handshake(net::ssl::stream_base::server, await_or(error));
    }
    co_return error;
  }

  Task<std::size_t> read_some(std::span<char> into, TimePoint until, error_code& error) override {
    // A read that ran out of time is only cancelled: the peer may still be told why.
    const Alarm alarm(read_timer_, until, [this] { interrupt(); });
    const std::size_t size =
        co_await stream_.async_read_some(net::buffer(into.data(), into.size()), await_or(error));
    if (error && alarm.rang()) error = beast::error::timeout;
    co_return size;
  }

  void interrupt() override {
    error_code ignored;
    socket().cancel(ignored);
  }

  Task<error_code> write(std::span<const net::const_buffer> buffers, Duration limit) override {
    const std::chrono::seconds for_all(beast::buffer_bytes(buffers) / kLeastBytesPerSecond);
    const TimePoint until = std::chrono::steady_clock::now() + limit + for_all;
    error_code error;
    std::vector<net::const_buffer> rest(buffers.begin(), buffers.end());
    std::size_t first = 0;
    while (first < rest.size() && !error) {
      if (rest[first].size() == 0) {
        ++first;
        continue;
      }
      const std::span<const net::const_buffer> left(rest.data() + first, rest.size() - first);
      std::size_t taken = co_await write_some(left, limit, until, error);
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
      co_await stream_.async_shutdown(await_or(ignored));
    }
    socket().shutdown(net::socket_base::shutdown_send, ignored);
  }

  void close() override {
    error_code ignored;
    socket().close(ignored);
  }

 private:
  Socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  Task<std::size_t> write_some(std::span<const net::const_buffer> buffers, Duration limit, TimePoint until,
                               error_code& error) {
    if constexpr (!kTls) {
      // Most answers are small and there is room for them: no timer, no turn of the loop.
      if (beast::buffer_bytes(buffers) <= kSmall) {
        const std::size_t size = stream_.write_some(buffers, error);
        if (error != net::error::would_block) co_return size;
        error.clear();
      }
    }
    const TimePoint next = std::chrono::steady_clock::now() + limit;
    const Alarm alarm(write_timer_, std::min(next, until), [this] { close(); });
    if constexpr (kTls) {
      // One record at a time: TLS encrypts on this thread, and a big picture must not hold it.
      const net::const_buffer record(buffers[0].data(), std::min<std::size_t>(buffers[0].size(), 16 << 10));
      co_return co_await stream_.async_write_some(record, await_or(error));
    } else {
      co_return co_await stream_.async_write_some(buffers, await_or(error));
    }
  }

  Stream stream_;
  Timer read_timer_;
  Timer write_timer_;
};

}  // namespace

std::unique_ptr<Transport> plain_transport(Socket socket) {
  return std::make_unique<SocketTransport<Socket>>(std::move(socket));
}

std::unique_ptr<Transport> tls_transport(Socket socket, net::ssl::context& context) {
  return std::make_unique<SocketTransport<net::ssl::stream<Socket>>>(std::move(socket), context);
}

}  // namespace sdw::http

#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include "http/connection.h"
#include "http/listen_address.h"
#include "http/tls.h"
#include "jobs/shutdown.h"
#include "support/log.h"

namespace sdw::http {
namespace {

using namespace std::chrono_literals;
using net::ip::tcp;

constexpr auto kAcceptPause = 100ms;       // after a failed accept
constexpr auto kWarningPeriod = 60s;       // between two warnings of the same
constexpr std::size_t kReaderTasks = 256;  // waiting for the reader thread
constexpr auto kExpiryPeriod = 5s;         // between two looks for results that are too old
constexpr int kShellSignalBase = 128;
constexpr auto kLastWordsLimit = 5s;  // for streams and answers to be written after the last job has ended

// A client's IPv4 address is the same one when it comes through an IPv6 socket.
std::string client_name(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

// nohup starts a program with SIGHUP ignored.
bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const Api& api)
      : api_(api),
        router_(make_router(api_)),
        connections_(api.settings.limits),
        bytes_(api.settings.limits.body_budget,
               [&metrics = api.metrics](std::size_t held) { metrics.bytes_held(held); }) {}
  // Nothing off this thread may refer to a connection that is about to go.
  ~Impl() {
    api_.app.intake.close();
    readers_.close();
  }

  Status listen() {
    const ServerSettings& settings = api_.settings;
    if (!settings.tls_certificate.empty()) {
      auto context = make_tls_context(settings.tls_certificate, settings.tls_key);
      if (!context) return context.error();
      tls_ = std::move(context).value();
    }
    const auto address = listen_address(settings.host, settings.port);
    if (!address) return address.error();
    if (Status bound = bind(*address); !bound) return bound;
    gate_.emplace(settings, router_, acceptor_.local_endpoint().address());
    services_.emplace(Services{settings, *gate_, connections_, bytes_, api_.metrics, pools_});
    spawn(accept_connections());
    spawn(expire_results());
    return ok_status();
  }

  std::string url() const { return base_url(api_.settings, acceptor_.local_endpoint()); }

  void run() {
    if (!is_ignored(SIGHUP)) signals_.add(SIGHUP);
    await_signal();
    io_.run();
  }

  void drain() {
    const double seconds = std::chrono::duration<double>(api_.settings.drain).count();
    log::event(log::Level::info, "shutting down", {{"drain_seconds", seconds}});
    jobs::begin_shutdown(api_.app, api_.settings.drain,
                         [this] { net::post(io_, [this] { spawn(close()); }); });
  }

 private:
  void await_signal() {
    signals_.async_wait([this](const error_code& error, int signal) {
      if (error) return;
      // A terminal that closes sends SIGHUP twice, and service managers send it after SIGTERM.
      if (signalled_ && signal != SIGHUP) _exit(kShellSignalBase + signal);
      if (!std::exchange(signalled_, true)) drain();
      await_signal();
    });
  }

  Status bind(const tcp::endpoint& address) {
    error_code error;
    acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (!error) return ok_status();
    return Error{ErrorCode::io_error,
                 fmt::format("cannot listen on {}: {}", base_url(api_.settings, address), error.message())};
  }

  void spawn(Task<void> task) {
    net::co_spawn(io_, std::move(task), [](const std::exception_ptr& failure) {
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const std::exception& exception) {
        log::unexpected(exception, exception.what());
      }
    });
  }

  Task<void> accept_connections() {
    while (true) {
      error_code error;
      Socket socket = co_await acceptor_.async_accept(await_or(error));
      if (error == net::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (error) {
        if (!make_room(error)) co_await pause(kAcceptPause);
        continue;
      }
      begin(std::move(socket));
    }
  }

  // After a failed accept: closes an idle connection if the process, or the system, has no descriptor left.
  bool make_room(const error_code& error) {
    namespace errc = boost::system::errc;
    if (error != errc::too_many_files_open && error != errc::too_many_files_open_in_system) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_warning_) {
      next_warning_ = now + kWarningPeriod;
      log::event(log::Level::warn, "no file descriptor is left for a connection; idle ones give way",
                 {{"connections", static_cast<std::int64_t>(connections_.size())}});
    }
    return connections_.close_longest_idle();
  }

  void begin(Socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(net::socket_base::keep_alive(true), ignored);
    const tcp::endpoint peer = socket.remote_endpoint(ignored);
    if (ignored) return;  // it left at once
    auto transport = tls_ ? tls_transport(std::move(socket), *tls_) : plain_transport(std::move(socket));
    spawn(serve_connection(std::move(transport), client_name(peer), *services_));
  }

  Task<void> expire_results() {
    while (!services_->closing) {
      co_await pause(kExpiryPeriod);
      api_.app.registry.expire();
    }
  }

  // After the last job's end: what is being written may be finished, then everything is closed.
  Task<void> close() {
    acceptor_.close();
    services_->closing = true;
    connections_.close_idle();
    const auto until = std::chrono::steady_clock::now() + kLastWordsLimit;
    while (connections_.size() > 0 && std::chrono::steady_clock::now() < until) {
      co_await pause(20ms);
    }
    connections_.close_all();
    for (int i = 0; connections_.size() > 0 && i < 50; ++i) {
      co_await pause(20ms);
    }
    io_.stop();
  }

  Task<void> pause(std::chrono::milliseconds duration) {
    Timer timer(io_, duration);
    error_code ignored;
    co_await timer.async_wait(await_or(ignored));
  }

  const Api api_;
  const Router router_;
  ConnectionTable connections_;
  ByteBudget bytes_;
  jobs::WorkerPool readers_{1, kReaderTasks};
  const WorkerPools pools_{api_.app.intake, readers_};
  std::chrono::steady_clock::time_point next_warning_{};
  std::unique_ptr<net::ssl::context> tls_;
  std::optional<Gate> gate_;
  std::optional<Services> services_;
  net::io_context io_{1};  // goes before all that its unfinished connections refer to
  Acceptor acceptor_{io_};
  net::signal_set signals_{io_, SIGINT, SIGTERM};
  bool signalled_ = false;
};

Server::Server(const Api& api) : impl_(std::make_unique<Impl>(api)) {}
Server::~Server() = default;
Status Server::listen() {
  return impl_->listen();
}
std::string Server::url() const {
  return impl_->url();
}
void Server::run() {
  impl_->run();
}
void Server::drain() {
  impl_->drain();
}

}  // namespace sdw::http

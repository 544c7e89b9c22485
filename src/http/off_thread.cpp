#include "http/off_thread.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

namespace sdw::http {
namespace {

struct Pending {
  explicit Pending(const net::any_io_executor& executor)
      : done(executor, net::steady_timer::time_point::max()) {}
  net::steady_timer done;
  std::optional<Response> response;
};

}  // namespace

Task<std::optional<Response>> run_off_thread(jobs::WorkerPool& pool, std::function<Response()> work) {
  const net::any_io_executor executor = co_await net::this_coro::executor;
  const auto pending = std::make_shared<Pending>(executor);
  const bool taken = pool.submit([pending, executor, work = std::move(work)] {
    net::post(executor, [pending, response = work()] {
      pending->response = response;
      pending->done.cancel();
    });
  });
  if (!taken) co_return std::nullopt;
  error_code cancelled;
  while (!pending->response)
    co_await pending->done.async_wait(net::redirect_error(net::use_awaitable, cancelled));
  co_return std::move(pending->response);
}

}  // namespace sdw::http

#include "http/off_thread.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <utility>

namespace sdw::http {
namespace {

struct Pending {
  explicit Pending(const Executor& executor) : done(executor, Timer::time_point::max()) {}
  Timer done;
  std::optional<Response> response;
};

}  // namespace

Task<std::optional<Response>> run_off_thread(jobs::WorkerPool& pool, std::function<Response()> work) {
  const Executor executor = co_await net::this_coro::executor;
  const auto pending = std::make_shared<Pending>(executor);
  const bool taken = pool.submit([pending, executor, work = std::move(work)] {
    net::post(executor, [pending, response = work()]() mutable {
      pending->response = std::move(response);
      pending->done.cancel();
    });
  });
  if (!taken) co_return std::nullopt;
  error_code cancelled;
  while (!pending->response) {
    co_await pending->done.async_wait(await_or(cancelled));
  }
  co_return std::move(pending->response);
}

}  // namespace sdw::http

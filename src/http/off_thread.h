#pragma once

#include <functional>
#include <optional>

#include "http/asio.h"
#include "http/response.h"
#include "jobs/worker_pool.h"

namespace sdw::http {

// Runs `work`, which must not throw, on the pool and goes on on the I/O thread; nothing where the pool takes
// no more. What `work` refers to must live until the pool is closed or the task is done.
Task<std::optional<Response>> run_off_thread(jobs::WorkerPool& pool, std::function<Response()> work);

}  // namespace sdw::http

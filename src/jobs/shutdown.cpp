#include "jobs/shutdown.h"

#include <utility>

namespace sdw::jobs {

void begin_shutdown(AppState& app, std::chrono::steady_clock::duration drain, std::function<void()> on_done) {
  if (app.draining.exchange(true)) return;
  app.queue.close();
  app.engine.drain(Deadline::after(drain), std::move(on_done));
}

}  // namespace sdw::jobs

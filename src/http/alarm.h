#pragma once

#include <memory>
#include <utility>

#include "http/asio.h"

namespace sdw::http {

// Runs `expired` on the I/O thread when the time comes, unless the alarm is gone before. Timer::cancel()
// alone does not see to that: where the time has come already, the handler is queued and runs after whoever
// owned the alarm.
class Alarm {
 public:
  template <class Expired>
  Alarm(Timer& timer, Timer::time_point at, Expired expired) : timer_(timer) {
    if (at == Timer::time_point::max()) return;
    timer_.expires_at(at);
    timer_.async_wait([expired = std::move(expired), state = state_](const error_code& error) {
      if (error || state->over) return;
      state->rang = true;
      expired();
    });
  }
  ~Alarm() {
    state_->over = true;
    timer_.cancel();
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  bool rang() const { return state_->rang; }

 private:
  struct State {
    bool over = false, rang = false;
  };
  Timer& timer_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sdw::http

#pragma once

#include <functional>
#include <vector>

#include "models/weights.h"

namespace sdw::models {

// The independent parts of a model, each read by one thread while others read theirs: far fewer meeting
// points of the threads than if all of them shared every tensor, which tells on a machine that has other
// work.
class LoadTasks {
 public:
  // `part = load()` later. `part` must stay where it is until `run` returns.
  template <class Part, class Load>
  void add(Part& part, Load load) {
    tasks_.push_back([&part, load = std::move(load)] { part = load(); });
  }
  // All of them, on all threads; in order and one by one where `mode` is check, so that problems keep their
  // order.
  void run(TakeMode mode);

 private:
  std::vector<std::function<void()>> tasks_;
};

}  // namespace sdw::models

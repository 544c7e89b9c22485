#include "jobs/active_set.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sdw::jobs {

ActiveJob& ActiveSet::add(ActiveJob job) {
  const auto at =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& other) { return job.rank < other->rank; });
  return **jobs_.insert(at, std::make_unique<ActiveJob>(std::move(job)));
}

void ActiveSet::add(ActiveGeneration generation) {
  const auto order = [](const ActiveGeneration& one) { return std::tie(one.owner->rank, one.index); };
  const auto at = std::find_if(generations_.begin(), generations_.end(),
                               [&](const auto& other) { return order(generation) < order(*other); });
  generations_.insert(at, std::make_unique<ActiveGeneration>(std::move(generation)));
}

void ActiveSet::remove(const ActiveGeneration& generation) {
  std::erase_if(generations_, [&](const auto& other) { return other.get() == &generation; });
}

void ActiveSet::remove(const ActiveJob& job) {
  std::erase_if(generations_, [&](const auto& other) { return other->owner == &job; });
  std::erase_if(jobs_, [&](const auto& other) { return other.get() == &job; });
}

ActiveJob* ActiveSet::next_to_begin() {
  for (const auto& job : jobs_) {
    if (job->begun < job->count()) return job.get();
  }
  return nullptr;
}

ActiveGeneration* ActiveSet::next_done() {
  for (const auto& one : generations_) {
    if (one->generation->done()) return one.get();
  }
  return nullptr;
}

std::vector<ActiveGeneration*> ActiveSet::next_batch(int max_batch) {
  std::vector<ActiveGeneration*> batch{generations_.front().get()};
  LoadedModel* model = batch.front()->owner->model.get();
  for (std::size_t i = 1; i < generations_.size() && batch.size() < static_cast<std::size_t>(max_batch);
       ++i) {
    ActiveGeneration* other = generations_[i].get();
    if (other->owner->model.get() != model) continue;
    if (model->can_share(*batch.front()->generation, *other->generation)) batch.push_back(other);
  }
  return batch;
}

}  // namespace sdw::jobs

#include "jobs/affinity.h"

#include <set>

namespace sdw::jobs {

bool Affinity::may_overtake(const RequestQueue::Entry& waiting, Clock::time_point now) const {
  if (!enabled()) return false;
  const auto since = overtaken_.find(waiting.rank);
  return since == overtaken_.end() || now - since->second < bound_;
}

void Affinity::note_overtaken(std::span<const RequestQueue::Entry> passed, Clock::time_point now) {
  for (const RequestQueue::Entry& entry : passed) overtaken_.try_emplace(entry.rank, now);
}

void Affinity::keep_only(std::span<const RequestQueue::Entry> waiting) {
  if (overtaken_.empty()) return;
  std::set<RequestQueue::Rank> ranks;
  for (const RequestQueue::Entry& entry : waiting) ranks.insert(entry.rank);
  std::erase_if(overtaken_, [&](const auto& item) { return !ranks.contains(item.first); });
}

}  // namespace sdw::jobs

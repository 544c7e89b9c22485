#include "http/byte_budget.h"

#include <utility>

namespace sdw::http {
namespace {

std::size_t counted(std::size_t bytes) {
  return bytes > ByteBudget::kFree ? bytes - ByteBudget::kFree : 0;
}

}  // namespace

bool ByteBudget::has_room(std::uint64_t bytes) const {
  return bytes <= kFree || bytes - kFree <= limit_ - held_;
}

void ByteBudget::set(Share& share, std::size_t bytes) {
  held_ = held_ - share.counted_ + bytes;
  share.counted_ = bytes;
  if (on_change_) on_change_(held_);
}

ByteBudget::Share::Share(ByteBudget& budget, std::function<void()> give_way)
    : budget_(budget), give_way_(std::move(give_way)) {
  place_ = budget_.unsettled_.insert(budget_.unsettled_.end(), this);
}

ByteBudget::Share::~Share() {
  settle();
  if (counted_ > 0) budget_.set(*this, 0);
}

void ByteBudget::Share::settle() {
  if (!settled()) budget_.unsettled_.erase(std::exchange(place_, budget_.unsettled_.end()));
}

bool ByteBudget::Share::resize(std::size_t bytes) {
  if (gave_way_) return bytes == 0;
  const std::size_t wanted = counted(bytes);
  if (wanted == counted_) return true;
  if (wanted > counted_ && !make_room(wanted)) return false;
  budget_.set(*this, wanted);
  return true;
}

// The youngest give way first; those that are older than this one, or settled, never do.
bool ByteBudget::Share::make_room(std::size_t wanted) {
  const auto fits = [&] { return budget_.held_ - counted_ + wanted <= budget_.limit_; };
  for (auto at = budget_.unsettled_.end(); !fits() && at != budget_.unsettled_.begin();) {
    Share& youngest = **--at;
    if (&youngest == this) break;
    if (youngest.counted_ == 0) continue;
    youngest.gave_way_ = true;
    budget_.set(youngest, 0);
    youngest.give_way_();
  }
  return fits();
}

}  // namespace sdw::http

#include "jobs/model_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace sdw::jobs {

using contract::ModelState;

Status ModelTable::add(ModelEntry entry) {
  const auto [at, added] = entries_.try_emplace(entry.named.id);
  if (!added) {
    return Error{ErrorCode::conflict, fmt::format("two models are named {}", at->first), "model"};
  }
  at->second = std::move(entry);
  order_.push_back(at->first);
  return ok_status();
}

ModelEntry* ModelTable::find(std::string_view id) {
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

ModelEntry* ModelTable::find(std::string_view id, const contract::ModelVariant& variant) {
  ModelEntry* plain = find(id);
  if (plain == nullptr || variant == plain->variant) return plain;
  std::string key = model_key(plain->named.id, variant);
  if (ModelEntry* known = find(key)) return known;
  forget_unused();
  ModelEntry entry;
  entry.named = plain->named;
  entry.variant = variant;
  entry.description = plain->description;
  return &entries_.try_emplace(std::move(key), std::move(entry)).first->second;
}

// Strengths are numbers, so there is no end of combinations that requests may name.
void ModelTable::forget_unused() {
  std::erase_if(entries_, [](const auto& item) {
    const ModelEntry& entry = item.second;
    return !entry.plain() && entry.absent() && entry.load_wanted == 0;
  });
}

std::vector<ModelEntry*> ModelTable::with_id(std::string_view id) {
  std::vector<ModelEntry*> out;
  for (auto& [key, entry] : entries_) {
    if (entry.named.id == id) out.push_back(&entry);
  }
  return out;
}

bool ModelTable::is_outdated(const ModelEntry& entry) const {
  if (entry.variant.loras.empty() || !entry.used) return false;
  return std::ranges::any_of(entries_, [&](const auto& item) {
    const ModelEntry& other = item.second;
    return &other != &entry && !other.variant.loras.empty() && other.load_wanted != 0 &&
           other.named.id == entry.named.id;
  });
}

const ModelEntry* ModelTable::find(std::string_view id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

const ModelEntry* ModelTable::default_model() const {
  return order_.empty() ? nullptr : find(order_.front());
}

std::vector<const ModelEntry*> ModelTable::all() const {
  std::vector<const ModelEntry*> out;
  for (const std::string& id : order_) out.push_back(find(id));
  return out;
}

bool ModelTable::is_loaded(std::string_view id) const {
  return std::ranges::any_of(entries_, [id](const auto& item) {
    return item.second.named.id == id && item.second.state == ModelState::loaded;
  });
}

bool ModelTable::would_serve(const ModelEntry& entry, Clock::time_point now) const {
  if (is_loaded(entry.named.id)) return true;
  if (entry.state == ModelState::failed) {
    return entry.was_loaded && now - entry.failed_at >= settings_.retry_after_failure;
  }
  return entry.was_loaded || (entry.state == ModelState::unloaded && entry.load_wanted == 0);
}

contract::ModelStatus ModelTable::status(const ModelEntry& entry) const {
  contract::ModelStatus status;
  status.id = entry.named.id;
  status.family = entry.description.family;
  status.state =
      entry.state == ModelState::loaded && entry.unload_wanted ? ModelState::unloading : entry.state;
  status.is_default = &entry == default_model();
  status.load_percent = entry.load_percent;
  status.disk_bytes = entry.description.disk_bytes;
  status.memory_bytes = entry.state == ModelState::loaded ? entry.memory_bytes() : 0;
  status.created_at = entry.created_at;
  status.last_used = entry.last_used_at;
  status.error = entry.error;
  return status;
}

void ModelTable::want_load(ModelEntry& entry) {
  if (entry.load_wanted == 0) entry.load_wanted = ++wishes_;
}

ModelEntry* ModelTable::next_to_load() {
  ModelEntry* next = nullptr;
  for (auto& [id, entry] : entries_) {
    if (!entry.absent() || entry.load_wanted == 0) continue;
    if (next == nullptr || entry.load_wanted < next->load_wanted) next = &entry;
  }
  return next;
}

ModelEntry* ModelTable::next_to_unload(Clock::time_point now) {
  for (auto& [id, entry] : entries_) {
    if (!entry.idle()) continue;
    const bool too_long = settings_.idle_unload.count() > 0 && now - entry.last_used >= settings_.idle_unload;
    if (entry.unload_wanted || too_long || is_outdated(entry)) return &entry;
  }
  return nullptr;
}

ModelTable::Clock::time_point ModelTable::next_idle_end() const {
  auto earliest = Clock::time_point::max();
  if (settings_.idle_unload.count() <= 0) return earliest;
  for (const auto& [id, entry] : entries_) {
    if (entry.idle()) earliest = std::min(earliest, entry.last_used + settings_.idle_unload);
  }
  return earliest;
}

std::int64_t ModelTable::occupied_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [id, entry] : entries_) {
    if (!entry.absent()) bytes += entry.memory_bytes();
  }
  return bytes;
}

bool ModelTable::fits(const ModelEntry& entry) const {
  return settings_.memory_limit_bytes <= 0 ||
         occupied_bytes() + entry.memory_bytes() <= settings_.memory_limit_bytes;
}

bool ModelTable::fits_in_turn(const ModelEntry& entry) {
  const ModelEntry* first = next_to_load();
  const std::int64_t before = first != nullptr && first != &entry ? first->memory_bytes() : 0;
  return settings_.memory_limit_bytes <= 0 ||
         occupied_bytes() + before + entry.memory_bytes() <= settings_.memory_limit_bytes;
}

bool ModelTable::can_fit(const ModelEntry& entry) const {
  return settings_.memory_limit_bytes <= 0 || entry.memory_bytes() <= settings_.memory_limit_bytes;
}

bool ModelTable::can_make_room(const ModelEntry& entry) const {
  std::int64_t idle_bytes = 0;
  for (const auto& [id, other] : entries_) {
    if (other.idle()) idle_bytes += other.memory_bytes();
  }
  return settings_.memory_limit_bytes <= 0 ||
         occupied_bytes() - idle_bytes + entry.memory_bytes() <= settings_.memory_limit_bytes;
}

bool ModelTable::is_in_the_way(const ModelEntry& entry) {
  const ModelEntry* wanted = next_to_load();
  return entry.idle() && entry.used && wanted != nullptr && can_fit(*wanted) && !fits(*wanted);
}

ModelEntry* ModelTable::to_evict(const std::function<bool(const std::string&)>& has_demand) {
  ModelEntry* oldest = nullptr;
  for (auto& [id, entry] : entries_) {
    if (!entry.idle() || (!entry.used && has_demand && has_demand(id))) continue;
    if (oldest == nullptr || entry.last_used < oldest->last_used) oldest = &entry;
  }
  return oldest;
}

}  // namespace sdw::jobs

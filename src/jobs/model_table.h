#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/model_document.h"
#include "jobs/backend.h"
#include "jobs/settings.h"
#include "support/result.h"

namespace sdw::jobs {

// A known model and what is to happen to it.
struct ModelEntry {
  using Clock = std::chrono::steady_clock;

  NamedModel named;
  contract::ModelVariant variant{};
  ModelDescription description;
  contract::Time created_at{};
  contract::ModelState state = contract::ModelState::unloaded;
  std::shared_ptr<LoadedModel> model;  // while loaded
  int users = 0;                       // leases
  bool used = false;                   // since it was loaded
  bool was_loaded = false;             // at any time
  int load_percent = 0;
  std::uint64_t load_wanted = 0;  // the order in which loads were asked for; 0: none is
  bool unload_wanted = false;
  std::optional<Error> error;  // while failed
  Clock::time_point failed_at{};
  Clock::time_point last_used{};
  std::optional<contract::Time> last_used_at;

  bool absent() const {
    return state == contract::ModelState::unloaded || state == contract::ModelState::failed;
  }
  bool plain() const { return variant == contract::ModelVariant{}; }
  std::int64_t memory_bytes() const { return description.memory_bytes.at(variant.precision); }
  bool idle() const { return state == contract::ModelState::loaded && users == 0; }
};

// The known models and the rules of what to load and unload next. Not safe from several threads.
class ModelTable {
 public:
  using Clock = ModelEntry::Clock;

  explicit ModelTable(const ModelSettings& settings) : settings_(settings) {}

  // Error: conflict (the id is taken). The first one is the default.
  Status add(ModelEntry entry);
  ModelEntry* find(std::string_view id);
  // The model in this variant, made known where it was not; null where the model is not known.
  ModelEntry* find(std::string_view id, const contract::ModelVariant& variant);
  std::vector<ModelEntry*> with_id(std::string_view id);  // the plain model and its variants
  const ModelEntry* find(std::string_view id) const;
  const ModelEntry* default_model() const;
  std::vector<const ModelEntry*> all() const;  // the plain ones, as added
  bool is_loaded(std::string_view id) const;   // in any variant
  // Whether a job for this model would be served, by loading it if need be. A model whose first load is under
  // way or has failed may never come; one whose later load has failed is tried again after a while.
  bool would_serve(const ModelEntry& entry, Clock::time_point now) const;
  contract::ModelStatus status(const ModelEntry& entry) const;

  void want_load(ModelEntry& entry);
  ModelEntry* next_to_load();  // the load that was asked for first
  // Asked for, idle for too long, or one with LoRAs where the same model with others is wanted.
  ModelEntry* next_to_unload(Clock::time_point now);
  Clock::time_point next_idle_end() const;      // when next_to_unload() may find another one
  bool fits(const ModelEntry& entry) const;     // beside what is there
  bool fits_in_turn(const ModelEntry& entry);   // beside that and the load that was asked for first
  bool can_fit(const ModelEntry& entry) const;  // with all others gone
  // The idle model that was used least recently, but for one that was loaded for jobs that still wait for it.
  ModelEntry* to_evict(const std::function<bool(const std::string&)>& has_demand);
  // Whether an earlier wish to load waits for this idle model to go: whoever took it again would keep it
  // waiting.
  bool is_in_the_way(const ModelEntry& entry);
  // Whether evictions alone would make enough room.
  bool can_make_room(const ModelEntry& entry) const;
  std::int64_t occupied_bytes() const;  // what is being loaded or unloaded counts

 private:
  void forget_unused();
  bool is_outdated(const ModelEntry& entry) const;

  const ModelSettings settings_;
  std::map<std::string, ModelEntry, std::less<>> entries_;  // by model_key()
  std::vector<std::string> order_;
  std::uint64_t wishes_ = 0;
};

}  // namespace sdw::jobs

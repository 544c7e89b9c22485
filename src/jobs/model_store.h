#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/model_document.h"
#include "jobs/backend.h"
#include "jobs/model_lease.h"
#include "jobs/observer.h"
#include "jobs/settings.h"
#include "jobs/wakeup.h"
#include "support/result.h"

namespace sdw::jobs {

// What a model is called where nobody has named it: its folder, or its file less ".safetensors".
std::string name_of_model(const std::filesystem::path& path);

struct Readiness {
  bool ready = false;   // a job for the default model would be served
  bool loaded = false;  // it is in memory; else it will be loaded for the job
  std::string reason;   // why it is not ready, for a person
  std::string model;    // the default one
  int load_percent = 0;
};

// The known models, and which of them are in memory. One thread of its own loads and unloads, so that running
// jobs of other models go on. Loading makes room by unloading what is idle, least recently used first. Safe
// from any thread.
class ModelStore {
 public:
  // `engine` is woken when a model has been loaded, unloaded or has failed.
  ModelStore(Backend& backend, const ModelSettings& settings, Observer& observer, Wakeup& engine);
  ~ModelStore();

  // Errors: conflict (the id is taken), invalid_request (not a name), model_not_found, model_invalid.
  // The first one added is the default.
  Status add(NamedModel model, bool whole = true);  // `whole`: as Backend::inspect() has it
  // Adds each model in it, a folder by its name and a safetensors file by its name without the suffix; what
  // is no model is passed over. Gives how many. Error: io_error.
  Result<int> scan(const std::filesystem::path& models_dir);
  // `key` is a model_key(). `on_progress` runs on the loader's thread. `has_demand` tells whether jobs wait
  // for a model: one that was loaded for them is not unloaded for another before they have come. It must not
  // call back.
  void connect(std::function<void(const std::string& key, int percent)> on_progress,
               std::function<bool(const std::string& key)> has_demand);

  // The id meant by a request ("" is the default). Errors: model_not_found; not_ready where no model is known
  // at all.
  Result<std::string> resolve(std::string_view name) const;
  std::optional<ModelDescription> description(std::string_view id) const;
  std::vector<contract::ModelStatus> list() const;
  Result<contract::ModelStatus> status(std::string_view id) const;  // error: model_not_found
  Readiness readiness() const;
  std::int64_t loaded_bytes() const;
  // The model where it is in memory, else null; does not keep it from being unloaded for long.
  std::shared_ptr<const LoadedModel> peek(std::string_view id) const;

  // Begin to load or unload; told by list() and readiness(). Unloading waits for leases. Error:
  // model_not_found; shutting_down.
  Status request_load(std::string_view id);
  Status request_unload(std::string_view id);

  enum class Wait { loading, no_room };
  struct Acquired {
    std::optional<ModelLease> lease;  // or
    std::optional<Wait>
        wait;  // loading goes on (was begun by this call); or has to wait for models in use; or
    std::optional<Error> error;  // a load that was begun after `since` has failed
  };
  Acquired acquire(const std::string& id, std::chrono::steady_clock::time_point since,
                   const contract::ModelVariant& variant = {});

  enum class Place { loaded, displaces, other };
  // Where acquire() would find the model: ready to be used; or to be loaded in place of others that are
  // there. Begins nothing.
  Place place(const std::string& id, const contract::ModelVariant& variant = {});

  // Gives memory that nothing uses back to the system.
  void release_memory();
  // Stops the loader, giving up a load in progress; models stay until their leases and the store are gone.
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdw::jobs

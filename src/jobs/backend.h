#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contract/job_request.h"
#include "io/picture.h"
#include "jobs/job.h"
#include "support/cancel_token.h"
#include "support/result.h"
#include "support/stop_check.h"

namespace sdw::jobs {

struct NamedModel {
  std::string id;
  std::filesystem::path path;
};

// What a model's configuration files say, before anything is loaded.
struct ModelDescription {
  std::string family;
  std::int64_t disk_bytes = 0;
  std::map<std::string, std::int64_t> memory_bytes;  // its weights, once loaded; by ModelVariant::precision
  int default_width = 512;
  int default_height = 512;
  int default_steps = 20;
  double default_guidance = 7.5;
};

// What is loaded.
struct ModelSource {
  std::filesystem::path path;
  contract::ModelVariant variant{};
  ModelDescription description{};  // of inspect()
};

// One picture to make.
struct PictureSpec {
  const contract::JobRequest* request = nullptr;
  InputPictures pictures;
  std::uint64_t seed = 0;
};

// One picture in flight. Owned and used by the engine's thread.
class Generation {
 public:
  virtual ~Generation() = default;
  virtual int width() const = 0;
  virtual int height() const = 0;
  virtual bool guided() const = 0;
  virtual int steps() const = 0;  // as the user counts them
  virtual int steps_done() const = 0;
  virtual int evaluations() const = 0;  // model calls so far; some samplers need two for a step
  virtual bool done() const = 0;        // no evaluation is left
  virtual const std::optional<Error>& failure() const = 0;  // not_finite, for one; set by a step
  virtual const std::vector<std::string>& warnings() const = 0;
  virtual const nlohmann::json& settings() const = 0;  // what it runs with, defaults filled in
};

// A model in memory. All but description() and check() are called by the engine's thread only; any of these
// may throw.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  virtual const ModelDescription& description() const = 0;
  // What depends on the model: combinations of settings. From any thread. Error: invalid_request.
  virtual Status check(const contract::JobRequest& request, const InputPictures& pictures) const = 0;

  // Error: cancelled soon after `stop` says so.
  virtual Result<std::unique_ptr<Generation>> begin(const PictureSpec& spec, const StopCheck& stop) = 0;
  virtual bool can_share(const Generation& a, const Generation& b) const = 0;
  // One evaluation for each, in one call of the model. Precondition: none is done and all can share.
  virtual void step(std::span<Generation* const> generations) = 0;
  // A small picture of the state, without the VAE.
  virtual Result<io::Picture> preview(const Generation& generation) = 0;
  // Error: cancelled soon after `stop` says so.
  virtual Result<io::Picture> finish(Generation& generation, const StopCheck& stop) = 0;
};

// Where models come from.
class Backend {
 public:
  virtual ~Backend() = default;
  // Once for each model. Tokenizers, which take long to parse, are looked at if `whole`, and by load().
  // Errors: model_not_found, model_invalid.
  virtual Result<ModelDescription> inspect(const std::filesystem::path& path, bool whole) = 0;
  // Called by the loader's thread; `on_progress` takes 0..100. Errors: model_not_found, model_invalid,
  // out_of_memory, cancelled.
  virtual Result<std::unique_ptr<LoadedModel>> load(const ModelSource& source,
                                                    const std::function<void(int percent)>& on_progress,
                                                    const CancelToken& cancel) = 0;
  // After a model was destroyed, and when there is nothing more to do: give unused memory back to the system.
  virtual void release_memory() = 0;
  // Those that requests may ask for; the first is what models are run in where they do not.
  virtual const std::vector<std::string>& precisions() const = 0;
  // Whether requests may name this LoRA.
  virtual bool has_lora(std::string_view name) const = 0;
};

}  // namespace sdw::jobs

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "contract/job_document.h"
#include "support/error.h"

namespace sdw::contract {

enum class ModelState { unloaded, loading, loaded, unloading, failed };

std::string_view to_string(ModelState state);

// One known model at one moment.
struct ModelStatus {
  std::string id;
  std::string family;  // "sd1", "sd2", "sdxl"; empty where it is not known yet
  ModelState state = ModelState::unloaded;
  bool is_default = false;
  int load_percent = 0;           // while loading
  std::int64_t disk_bytes = 0;    // of its files
  std::int64_t memory_bytes = 0;  // of its weights, while loaded
  Time created_at{};              // of its folder
  std::optional<Time> last_used{};
  std::optional<Error> error{};  // failed: why
};

// The body of GET /v1/models: OpenAI's list shape plus the fields above.
std::string model_list(std::span<const ModelStatus> models);
// One entry of it: the body of the 202 to load and unload.
std::string model_document(const ModelStatus& model);

}  // namespace sdw::contract

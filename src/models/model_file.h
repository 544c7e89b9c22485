#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/result.h"

namespace sdw::models {

// The real path of `root`/`relative`, a regular file of the model folder `root`. A file that resolves outside
// `root` is refused, unless `root` is a snapshot of a Hugging Face cache and the file one of its blobs
// (models--org--name/{snapshots/<commit>, blobs}).
// Errors: model_not_found (no such file), model_invalid. `param` is `relative`.
Result<std::filesystem::path> model_file(const std::filesystem::path& root,
                                         const std::filesystem::path& relative);

// Reads and parses such a file ("unet/config.json"), which must hold a JSON object. Errors: the same.
Result<nlohmann::json> read_model_json(const std::filesystem::path& root,
                                       const std::filesystem::path& relative);

}  // namespace sdw::models

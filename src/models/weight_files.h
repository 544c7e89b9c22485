#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"
#include "support/result.h"

namespace sdw::models {

// What a component's weight file is called, less its suffix: text encoders are saved by transformers, all
// else by diffusers.
std::string_view weight_stem(const std::filesystem::path& component);

// The safetensors files that hold one component: `<folder>/<stem>.safetensors`, or the shards that an index
// names, or the `fp16` variant of either where nothing else is there. Pickle files are never opened. `root`
// is the model's folder and `folder` the component's, relative to it. Errors: model_not_found (no such file),
// model_invalid.
Result<std::vector<io::SafetensorsFile>> open_weight_files(const std::filesystem::path& root,
                                                           const std::filesystem::path& folder,
                                                           std::string_view stem);

}  // namespace sdw::models

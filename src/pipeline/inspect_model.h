#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/result.h"

namespace sdw::pipeline {

struct ComponentReport {
  std::string name;  // "unet", ...
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  std::map<std::string, std::int64_t> dtypes;  // "F16" -> parameters
  std::vector<std::string> problems;           // missing tensors, wrong shapes
  std::vector<std::string> unused;             // tensors that no part of the model reads
};

// What is in a model, without loading it.
struct ModelReport {
  std::string kind;    // "diffusers folder", "single-file checkpoint", or "safetensors file" for any other
  std::string family;  // "sd1", "sd2", "sdxl"; empty for any other file
  bool inpainting = false;
  std::string scheduler;
  std::string prediction_type;
  int width = 0, height = 0;  // default picture size
  int steps = 0;              // likewise
  double guidance_scale = 0;  // likewise
  std::vector<ComponentReport> components;
};

// Tokenizers are parsed, which takes as long as all the rest, or left to load_model().
enum class Tokenizers { parsed, left_out };

// Errors: model_not_found, model_invalid where it cannot be read at all; wrong or missing tensors are in the
// report.
Result<ModelReport> inspect_model(const std::filesystem::path& path,
                                  Tokenizers tokenizers = Tokenizers::parsed);

}  // namespace sdw::pipeline

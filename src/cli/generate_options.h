#pragma once

#include <ATen/core/Tensor.h>
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/picture.h"
#include "ops/precision.h"
#include "pipeline/model_components.h"
#include "request/sampling_options.h"
#include "support/result.h"

namespace sdw::cli {

// `sd-worker generate`, as typed.
struct GenerateOptions {
  std::filesystem::path model;
  std::string prompt;
  std::optional<std::string> negative_prompt;
  std::string seed;                // as typed; empty: drawn
  std::vector<std::string> loras;  // as typed: FILE or FILE=STRENGTH
  request::SamplingOptions sampling;
  int count = 1;
  std::filesystem::path input_image, mask_image;
  std::string device = "auto";
  std::string precision = "exact";
  int threads = 0;
  std::filesystem::path output = "output.png";
  int quality = 90;
  bool json = false;
};

void add_generate_options(CLI::App& command, GenerateOptions& options);

// Checks all that needs no model and completes the sampling options' operation. Error: invalid_request.
Status check_generate_options(GenerateOptions& options);

// A seed as typed; none for "" and "-1". Error: invalid_request.
Result<std::optional<std::uint64_t>> parse_seed(std::string_view text);

// "style.safetensors=0.8": the file and how much of it, 1 where nothing is said. Error: invalid_request.
Result<pipeline::LoraChoice> parse_lora(const std::string& text);

// CUDA devices that this build can use.
int gpu_count();

// "auto", "cpu", "cuda", "cuda:1". Errors: invalid_request, device_unavailable.
Result<ops::Placement> parse_placement(const std::string& device, const std::string& precision);

// The pictures' paths: `output` itself, or out-1.png, out-2.png, ... for several.
std::vector<std::filesystem::path> output_paths(const GenerateOptions& options);

// By the output's suffix. Error: invalid_request.
Result<io::PictureFormat> output_format(const GenerateOptions& options);

}  // namespace sdw::cli

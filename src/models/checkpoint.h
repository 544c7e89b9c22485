#pragma once

#include <filesystem>
#include <string_view>

#include "io/safetensors.h"
#include "models/weights.h"
#include "support/result.h"

namespace sdw::models {

enum class CheckpointKind { sd1, sd2, sdxl };

// Whether a file has a UNet under the names of the original code.
bool holds_checkpoint(const io::SafetensorsFile& file);

// A single-file checkpoint: UNet, VAE and text encoders in one safetensors file, under the names of the code
// that they were published with. Says nothing of how the model is built beyond the tensors' shapes.
class Checkpoint {
 public:
  // Error: model_invalid, where the file holds no UNet or no text encoder of Stable Diffusion 1, 2 or XL.
  static Result<Checkpoint> from_file(io::SafetensorsFile file);

  CheckpointKind kind() const { return kind_; }
  std::int64_t unet_in_channels() const;
  const io::SafetensorsFile& file() const { return file_; }

  // "unet", "vae", "text_encoder" or "text_encoder_2" under the names of diffusers and transformers: views
  // over the file. Error: model_invalid (the file has no such part, or a tensor of it under two names).
  Result<WeightMap> component(std::string_view name) const;

 private:
  Checkpoint(io::SafetensorsFile file, CheckpointKind kind) : file_(std::move(file)), kind_(kind) {}

  io::SafetensorsFile file_;
  CheckpointKind kind_;
};

}  // namespace sdw::models

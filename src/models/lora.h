#pragma once

#include <ATen/core/Tensor.h>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "models/weights.h"
#include "support/result.h"

namespace sdw::models {

// A low-rank adaptation (Hu et al., 2021, arXiv 2106.09685): for some weights W of a model, a change of
// alpha / rank * up down. Names may be written as by kohya-ss ("lora_unet_...", also with the block names of
// the original checkpoints), PEFT ("unet....lora_A.weight") or diffusers before it
// ("...processor.to_q_lora.down.weight").
class Lora {
 public:
  // Nothing but names and shapes is read before `add_to`. Errors: model_not_found; model_invalid, also for
  // relatives that are not known here (LoHa, LoKr, DoRA, LoCon with a Tucker core).
  static Result<Lora> open(const std::filesystem::path& file);

  // Adds the layers for `component` ("unet", "text_encoder", "text_encoder_2") to what `weights` gives,
  // `strength` times. Error: model_invalid for a shape that does not fit, or NaN.
  Status add_to(std::string_view component, WeightMap& weights, double strength);
  // ok where each layer has found its weight. Error: model_invalid naming the first that has not.
  Status all_used() const;

 private:
  struct Layer {
    std::string down, up, alpha;  // names in the file
    bool used = false;
  };

  std::string label_;
  WeightMap file_;
  std::map<std::string, std::map<std::string, Layer>> layers_;  // component -> name with "_" for "."
};

}  // namespace sdw::models

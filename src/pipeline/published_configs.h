#pragma once

#include "models/checkpoint.h"
#include "pipeline/model_configs.h"

namespace sdw::pipeline {

// The configurations that belong to a single-file checkpoint: those of the model of its kind as published on
// Hugging Face (stable-diffusion-v1-5, stable-diffusion-2-1, stable-diffusion-xl-base-1.0 and their
// inpainting variants), as diffusers' from_single_file takes them.
//
// Whether a checkpoint predicts noise or velocity is found, in this order, in its metadata
// (modelspec.prediction_type), in the mark that training tools leave in XL files (a tensor "v_pred", with
// "ztsnr" for a schedule that ends in pure noise), and for Stable Diffusion 2, where both kinds are usual and
// nothing else tells them apart, in how far one norm's biases spread (ComfyUI's rule). Error: model_invalid,
// where that tensor cannot be read.
Result<ModelConfigs> published_configs(const models::Checkpoint& checkpoint);

}  // namespace sdw::pipeline

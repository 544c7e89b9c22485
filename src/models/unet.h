#pragma once

#include <ATen/core/Tensor.h>
#include <optional>
#include <span>
#include <vector>

#include "models/resnet.h"
#include "models/timestep_embedding.h"
#include "models/transformer.h"
#include "models/unet_config.h"
#include "models/weights.h"
#include "ops/conv2d.h"
#include "ops/norm.h"

namespace sdw::models {

// A down, mid or up block: which parts are there says which. In a down or up block attention i follows resnet
// i
// (`attentions` is empty without attention); in the mid block resnet i + 1 follows attention i.
struct UNetBlock {
  std::vector<ResnetBlock2D> resnets;
  std::vector<Transformer2D> attentions;
  std::optional<ops::Conv2dWeight> downsampler;  // downsamplers.0.conv
  std::optional<ops::Conv2dWeight> upsampler;    // upsamplers.0.conv
};

// UNet2DConditionModel of diffusers; Rombach et al. 2022, arXiv:2112.10752.
struct UNet2DCondition {
  UNetConfig config;
  ops::Placement where;
  ops::Conv2dWeight conv_in;
  TimestepEmbedding time_embedding;
  std::optional<TimestepEmbedding> add_embedding;
  std::vector<UNetBlock> down_blocks;
  std::optional<UNetBlock> mid_block;
  std::vector<UNetBlock> up_blocks;
  ops::NormWeight conv_norm_out;
  ops::Conv2dWeight conv_out;
};

// Reads the weights. Problems are left in `weights`: look at `weights.status()` before the result is used.
UNet2DCondition load_unet(WeightMap& weights, const UNetConfig& config, const ops::Placement& where);

// Conditioning beside the prompt; what a model does not use stays undefined.
struct AddedConditions {
  at::Tensor text_embeds;    // [B, P], SDXL: pooled embeddings
  at::Tensor time_ids;       // [B, 6], SDXL: original height, width, crop top, left, target height, width
  at::Tensor timestep_cond;  // [B, time_cond_proj_dim], LCM: embedding of the guidance scale
};

// What a request needs computed once for all its steps, each with batch B in front.
struct UNetContext {
  std::vector<CrossAttentionKv> cross_attention;  // in the order of execution
  at::Tensor added_embedding;                     // [B, time_embed_dim] or undefined
  at::Tensor timestep_cond;                       // [B, block_out_channels[0]] or undefined
};

// `encoder_hidden_states` [B, T, cross_attention_dim].
UNetContext unet_context(const UNet2DCondition& unet, const at::Tensor& encoder_hidden_states,
                         const AddedConditions& added = {});

// Joins contexts of one model and one T along the batch.
UNetContext concat(std::span<const UNetContext* const> contexts);
// One row of the batch.
UNetContext row_of(const UNetContext& context, std::int64_t row);
// The same context with what the cross-attentions gave instead of what they read.
UNetContext with_outputs(const UNetContext& context, std::span<const at::Tensor> outputs);

// What one evaluation is asked: P pictures, and B passes over them, each with its own row of the context.
// Guidance makes two passes over one picture: up to the first cross-attention they are one, and are computed
// once.
struct UNetInput {
  at::Tensor sample;                   // [P, in_channels, h, w]; h and w need not be multiples of anything
  at::Tensor timesteps;                // [P], any float or integer type
  std::vector<std::int64_t> pictures;  // [B], ascending, each picture at least once: whom a pass is about
  TokenMerging merging;
};

// What an evaluation leaves for later ones; null where nobody wants it.
struct UNetStates {
  // Before the last layer of the last up block: [B, C, h, w].
  at::Tensor* deep_features = nullptr;
  // What each gave, in the order of execution: [B, H * W, C].
  std::vector<at::Tensor>* cross_attention = nullptr;
};

// One evaluation of the model -> [B, out_channels, h, w] in the model's dtype.
at::Tensor unet_forward(const UNet2DCondition& unet, const UNetInput& input, const UNetContext& context,
                        const UNetStates& states = {});

// The same with the deep features of another evaluation: only conv_in, the last layer and conv_out run.
// DeepCache, Ma et al. 2023, arXiv:2312.00858 (there: cache_branch_id 0).
at::Tensor unet_forward_shallow(const UNet2DCondition& unet, const UNetInput& input,
                                const UNetContext& context, const at::Tensor& deep_features);

}  // namespace sdw::models

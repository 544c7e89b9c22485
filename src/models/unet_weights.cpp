#include <fmt/format.h>

#include "models/layers.h"
#include "models/unet.h"

namespace sdw::models {
namespace {

constexpr ops::Conv2dShape kSame3x3{1, 1, 0};

// What the blocks share while a model is read.
struct Loader {
  WeightMap& weights;
  const UNetConfig& config;
  const ops::Placement& where;

  ResnetBlock2D resnet(const std::string& prefix, std::int64_t in_channels, std::int64_t out_channels,
                       double output_scale_factor = 1.0) const {
    return load_resnet(weights, prefix,
                       {in_channels, out_channels, config.time_embed_dim, config.norm_num_groups,
                        config.norm_eps, output_scale_factor},
                       where);
  }
  // The attention of block `i`, counted along the down blocks.
  Transformer2D transformer(const std::string& prefix, std::size_t i, std::int64_t layers,
                            bool only_cross_attention) const {
    return load_transformer(weights, prefix,
                            {config.block_out_channels[i], config.num_attention_heads[i], layers,
                             config.cross_attention_dim[i], config.norm_num_groups, only_cross_attention},
                            where);
  }
  ops::Conv2dWeight conv(const std::string& prefix, std::int64_t in_channels, std::int64_t out_channels,
                         std::int64_t kernel, ops::Conv2dShape shape) const {
    return load_conv2d(weights, prefix, in_channels, out_channels, kernel, shape, where);
  }
};

UNetBlock load_down_block(const Loader& loader, std::size_t i) {
  const UNetConfig& config = loader.config;
  const std::string prefix = fmt::format("down_blocks.{}", i);
  const std::int64_t out_channels = config.block_out_channels[i];
  UNetBlock block;
  for (std::int64_t j = 0; j < config.layers_per_block[i]; ++j) {
    const std::int64_t in_channels = j > 0 || i == 0 ? out_channels : config.block_out_channels[i - 1];
    block.resnets.push_back(
        loader.resnet(fmt::format("{}.resnets.{}", prefix, j), in_channels, out_channels));
    if (!config.down_cross_attention[i]) continue;
    block.attentions.push_back(loader.transformer(
        fmt::format("{}.attentions.{}", prefix, j), i,
        config.down_transformer_layers[i][static_cast<std::size_t>(j)], config.only_cross_attention[i]));
  }
  if (i + 1 < config.block_out_channels.size()) {
    const int padding = static_cast<int>(config.downsample_padding);
    const ops::Conv2dShape halving{2, padding, padding == 0 ? 1 : 0};
    block.downsampler = loader.conv(prefix + ".downsamplers.0.conv", out_channels, out_channels, 3, halving);
  }
  return block;
}

UNetBlock load_mid_block(const Loader& loader) {
  const UNetConfig& config = loader.config;
  const std::size_t last = config.block_out_channels.size() - 1;
  const std::int64_t channels = config.block_out_channels[last];
  UNetBlock block;
  block.resnets.push_back(
      loader.resnet("mid_block.resnets.0", channels, channels, config.mid_block_scale_factor));
  if (config.mid_cross_attention) {
    block.attentions.push_back(
        loader.transformer("mid_block.attentions.0", last, config.mid_transformer_layers[0], false));
    block.resnets.push_back(
        loader.resnet("mid_block.resnets.1", channels, channels, config.mid_block_scale_factor));
  }
  return block;
}

UNetBlock load_up_block(const Loader& loader, std::size_t i) {
  const UNetConfig& config = loader.config;
  const std::string prefix = fmt::format("up_blocks.{}", i);
  const std::size_t last = config.block_out_channels.size() - 1;
  const std::size_t mirrored = last - i;
  const std::int64_t out_channels = config.block_out_channels[mirrored];
  const std::int64_t below = config.block_out_channels[i == 0 ? last : mirrored + 1];
  const std::int64_t last_skip = config.block_out_channels[mirrored == 0 ? 0 : mirrored - 1];
  const std::int64_t layers = config.layers_per_block[mirrored] + 1;
  UNetBlock block;
  for (std::int64_t j = 0; j < layers; ++j) {
    const std::int64_t in_channels =
        (j == 0 ? below : out_channels) + (j + 1 == layers ? last_skip : out_channels);
    block.resnets.push_back(
        loader.resnet(fmt::format("{}.resnets.{}", prefix, j), in_channels, out_channels));
    if (!config.up_cross_attention[i]) continue;
    block.attentions.push_back(loader.transformer(
        fmt::format("{}.attentions.{}", prefix, j), mirrored,
        config.up_transformer_layers[i][static_cast<std::size_t>(j)], config.only_cross_attention[mirrored]));
  }
  if (i < last)
    block.upsampler = loader.conv(prefix + ".upsamplers.0.conv", out_channels, out_channels, 3, kSame3x3);
  return block;
}

ops::Conv2dShape same(std::int64_t kernel) {
  return {1, static_cast<int>((kernel - 1) / 2), 0};
}

}  // namespace

UNet2DCondition load_unet(WeightMap& weights, const UNetConfig& config, const ops::Placement& where) {
  const Loader loader{weights, config, where};
  const std::int64_t first = config.block_out_channels[0];
  UNet2DCondition unet;
  unet.config = config;
  unet.where = where;
  unet.conv_in =
      loader.conv("conv_in", config.in_channels, first, config.conv_in_kernel, same(config.conv_in_kernel));
  unet.time_embedding = load_timestep_embedding(weights, "time_embedding", first, config.time_embed_dim,
                                                config.time_cond_proj_dim, where);
  if (config.text_time) {
    unet.add_embedding =
        load_timestep_embedding(weights, "add_embedding", config.projection_class_embeddings_input_dim,
                                config.time_embed_dim, 0, where);
  }
  for (std::size_t i = 0; i < config.block_out_channels.size(); ++i) {
    unet.down_blocks.push_back(load_down_block(loader, i));
  }
  if (config.has_mid_block) unet.mid_block = load_mid_block(loader);
  for (std::size_t i = 0; i < config.block_out_channels.size(); ++i) {
    unet.up_blocks.push_back(load_up_block(loader, i));
  }
  unet.conv_norm_out =
      load_norm(weights, "conv_norm_out", first, config.norm_eps, config.norm_num_groups, where);
  unet.conv_out = loader.conv("conv_out", first, config.out_channels, config.conv_out_kernel,
                              same(config.conv_out_kernel));
  return unet;
}

}  // namespace sdw::models

#include <fmt/format.h>

#include "models/layers.h"
#include "models/load_tasks.h"
#include "models/unet.h"

namespace sdw::models {
namespace {

constexpr ops::Conv2dShape kSame3x3{1, 1, 0};

// What the blocks share while a model is read. Each method reads one part into its place, sooner or later.
struct Loader {
  WeightMap& weights;
  const UNetConfig& config;
  const ops::Placement& where;
  LoadTasks& tasks;

  void resnet(ResnetBlock2D& out, std::string prefix, std::int64_t in_channels, std::int64_t out_channels,
              double output_scale_factor = 1.0) const {
    const ResnetShape shape{in_channels,           out_channels,
                            config.time_embed_dim, config.norm_num_groups,
                            config.norm_eps,       output_scale_factor};
    tasks.add(out, [*this, shape, prefix = std::move(prefix)] {
      return load_resnet(weights, prefix, shape, where);
    });
  }
  // The attention of block `i`, counted along the down blocks.
  void transformer(Transformer2D& out, std::string prefix, std::size_t i, std::int64_t layers,
                   bool only_cross_attention) const {
    const TransformerShape shape{
        config.block_out_channels[i],  config.num_attention_heads[i], layers,
        config.cross_attention_dim[i], config.norm_num_groups,        only_cross_attention};
    tasks.add(out, [*this, shape, prefix = std::move(prefix)] {
      return load_transformer(weights, prefix, shape, where);
    });
  }
  void conv(ops::Conv2dWeight& out, std::string prefix, std::int64_t in_channels, std::int64_t out_channels,
            std::int64_t kernel, ops::Conv2dShape shape) const {
    tasks.add(out, [=, *this, prefix = std::move(prefix)] {
      return load_conv2d(weights, prefix, in_channels, out_channels, kernel, shape, where);
    });
  }
};

void load_down_block(const Loader& loader, std::size_t i, UNetBlock& block) {
  const UNetConfig& config = loader.config;
  const std::string prefix = fmt::format("down_blocks.{}", i);
  const std::int64_t out_channels = config.block_out_channels[i];
  const auto layers = static_cast<std::size_t>(config.layers_per_block[i]);
  block.resnets.resize(layers);
  block.attentions.resize(config.down_cross_attention[i] ? layers : 0);
  for (std::size_t j = 0; j < layers; ++j) {
    const std::int64_t in_channels = j > 0 || i == 0 ? out_channels : config.block_out_channels[i - 1];
    loader.resnet(block.resnets[j], fmt::format("{}.resnets.{}", prefix, j), in_channels, out_channels);
    if (block.attentions.empty()) continue;
    loader.transformer(block.attentions[j], fmt::format("{}.attentions.{}", prefix, j), i,
                       config.down_transformer_layers[i][j], config.only_cross_attention[i]);
  }
  if (i + 1 < config.block_out_channels.size()) {
    const int padding = static_cast<int>(config.downsample_padding);
    const ops::Conv2dShape halving{2, padding, padding == 0 ? 1 : 0};
    loader.conv(block.downsampler.emplace(), prefix + ".downsamplers.0.conv", out_channels, out_channels, 3,
                halving);
  }
}

void load_mid_block(const Loader& loader, UNetBlock& block) {
  const UNetConfig& config = loader.config;
  const std::size_t last = config.block_out_channels.size() - 1;
  const std::int64_t channels = config.block_out_channels[last];
  block.resnets.resize(config.mid_cross_attention ? 2 : 1);
  block.attentions.resize(config.mid_cross_attention ? 1 : 0);
  loader.resnet(block.resnets[0], "mid_block.resnets.0", channels, channels, config.mid_block_scale_factor);
  if (block.attentions.empty()) return;
  loader.transformer(block.attentions[0], "mid_block.attentions.0", last, config.mid_transformer_layers[0],
                     false);
  loader.resnet(block.resnets[1], "mid_block.resnets.1", channels, channels, config.mid_block_scale_factor);
}

void load_up_block(const Loader& loader, std::size_t i, UNetBlock& block) {
  const UNetConfig& config = loader.config;
  const std::string prefix = fmt::format("up_blocks.{}", i);
  const std::size_t last = config.block_out_channels.size() - 1;
  const std::size_t mirrored = last - i;
  const std::int64_t out_channels = config.block_out_channels[mirrored];
  const std::int64_t below = config.block_out_channels[i == 0 ? last : mirrored + 1];
  const std::int64_t last_skip = config.block_out_channels[mirrored == 0 ? 0 : mirrored - 1];
  const auto layers = static_cast<std::size_t>(config.layers_per_block[mirrored]) + 1;
  block.resnets.resize(layers);
  block.attentions.resize(config.up_cross_attention[i] ? layers : 0);
  for (std::size_t j = 0; j < layers; ++j) {
    const std::int64_t in_channels =
        (j == 0 ? below : out_channels) + (j + 1 == layers ? last_skip : out_channels);
    loader.resnet(block.resnets[j], fmt::format("{}.resnets.{}", prefix, j), in_channels, out_channels);
    if (block.attentions.empty()) continue;
    loader.transformer(block.attentions[j], fmt::format("{}.attentions.{}", prefix, j), mirrored,
                       config.up_transformer_layers[i][j], config.only_cross_attention[mirrored]);
  }
  if (i < last) {
    loader.conv(block.upsampler.emplace(), prefix + ".upsamplers.0.conv", out_channels, out_channels, 3,
                kSame3x3);
  }
}

ops::Conv2dShape same(std::int64_t kernel) {
  return {1, static_cast<int>((kernel - 1) / 2), 0};
}

}  // namespace

UNet2DCondition load_unet(WeightMap& weights, const UNetConfig& config, const ops::Placement& where) {
  LoadTasks tasks;
  const Loader loader{weights, config, where, tasks};
  const std::size_t blocks = config.block_out_channels.size();
  const std::int64_t first = config.block_out_channels[0];
  UNet2DCondition unet;
  unet.config = config;
  unet.where = where;
  unet.down_blocks.resize(blocks);
  unet.up_blocks.resize(blocks);
  loader.conv(unet.conv_in, "conv_in", config.in_channels, first, config.conv_in_kernel,
              same(config.conv_in_kernel));
  tasks.add(unet.time_embedding, [&] {
    return load_timestep_embedding(weights, "time_embedding", first, config.time_embed_dim,
                                   config.time_cond_proj_dim, where);
  });
  if (config.text_time) {
    tasks.add(unet.add_embedding.emplace(), [&] {
      return load_timestep_embedding(weights, "add_embedding", config.projection_class_embeddings_input_dim,
                                     config.time_embed_dim, 0, where);
    });
  }
  for (std::size_t i = 0; i < blocks; ++i) load_down_block(loader, i, unet.down_blocks[i]);
  if (config.has_mid_block) load_mid_block(loader, unet.mid_block.emplace());
  for (std::size_t i = 0; i < blocks; ++i) load_up_block(loader, i, unet.up_blocks[i]);
  tasks.add(unet.conv_norm_out, [&] {
    return load_norm(weights, "conv_norm_out", first, config.norm_eps, config.norm_num_groups, where);
  });
  loader.conv(unet.conv_out, "conv_out", first, config.out_channels, config.conv_out_kernel,
              same(config.conv_out_kernel));
  tasks.run(weights.mode());
  return unet;
}

}  // namespace sdw::models

#include <fmt/format.h>

#include "models/layers.h"
#include "models/vae.h"

namespace sdw::models {
namespace {

constexpr double kEps = 1e-6;
constexpr ops::Conv2dShape kSame3x3{1, 1, 0};
constexpr ops::Conv2dShape kHalving{2, 0, 1};

struct Loader {
  WeightMap& weights;
  const VaeConfig& config;
  const ops::Placement& where;

  ResnetBlock2D resnet(const std::string& prefix, std::int64_t in_channels, std::int64_t out_channels) const {
    return load_resnet(weights, prefix, {in_channels, out_channels, 0, config.norm_num_groups, kEps, 1.0},
                       where);
  }
  ops::Conv2dWeight conv(const std::string& prefix, std::int64_t in_channels, std::int64_t out_channels,
                         ops::Conv2dShape shape) const {
    return load_conv2d(weights, prefix, in_channels, out_channels, 3, shape, where);
  }
  ops::LinearWeight linear(const std::string& prefix, std::int64_t in_channels,
                           std::int64_t out_channels) const {
    return load_linear(weights, prefix, in_channels, out_channels, Bias::present, where);
  }
  ops::NormWeight norm(const std::string& prefix, std::int64_t channels) const {
    return load_norm(weights, prefix, channels, kEps, config.norm_num_groups, where);
  }
};

VaeAttention load_attention(const Loader& loader, const std::string& prefix, std::int64_t channels) {
  const bool old_names = loader.weights.has(prefix + ".query.weight");  // before diffusers 0.15
  const auto projection = [&](const char* present, const char* old) {
    return loader.linear(fmt::format("{}.{}", prefix, old_names ? old : present), channels, channels);
  };
  VaeAttention out;
  out.group_norm = loader.norm(prefix + ".group_norm", channels);
  out.to_q = projection("to_q", "query");
  out.to_k = projection("to_k", "key");
  out.to_v = projection("to_v", "value");
  out.to_out = projection("to_out.0", "proj_attn");
  out.precision = ops::at_least_16_bits(loader.where.precision);
  return out;
}

VaeMidBlock load_mid_block(const Loader& loader, const std::string& prefix) {
  const std::int64_t channels = loader.config.block_out_channels.back();
  VaeMidBlock out;
  out.resnet_0 = loader.resnet(prefix + ".resnets.0", channels, channels);
  if (loader.config.mid_block_add_attention) {
    out.attention = load_attention(loader, prefix + ".attentions.0", channels);
  }
  out.resnet_1 = loader.resnet(prefix + ".resnets.1", channels, channels);
  return out;
}

std::vector<ResnetBlock2D> load_resnets(const Loader& loader, const std::string& prefix, std::int64_t count,
                                        std::int64_t in_channels, std::int64_t out_channels) {
  std::vector<ResnetBlock2D> out;
  for (std::int64_t j = 0; j < count; ++j) {
    out.push_back(loader.resnet(fmt::format("{}.resnets.{}", prefix, j), j == 0 ? in_channels : out_channels,
                                out_channels));
  }
  return out;
}

VaeEncoder load_encoder(const Loader& loader) {
  const VaeConfig& config = loader.config;
  const auto& channels = config.block_out_channels;
  VaeEncoder out;
  out.conv_in = loader.conv("encoder.conv_in", config.in_channels, channels.front(), kSame3x3);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string prefix = fmt::format("encoder.down_blocks.{}", i);
    VaeBlock block;
    block.resnets =
        load_resnets(loader, prefix, config.layers_per_block, channels[i == 0 ? 0 : i - 1], channels[i]);
    if (i + 1 < channels.size()) {
      block.downsampler = loader.conv(prefix + ".downsamplers.0.conv", channels[i], channels[i], kHalving);
    }
    out.down_blocks.push_back(std::move(block));
  }
  out.mid_block = load_mid_block(loader, "encoder.mid_block");
  out.conv_norm_out = loader.norm("encoder.conv_norm_out", channels.back());
  out.conv_out = loader.conv("encoder.conv_out", channels.back(), 2 * config.latent_channels, kSame3x3);
  return out;
}

VaeDecoder load_decoder(const Loader& loader) {
  const VaeConfig& config = loader.config;
  const auto& channels = config.block_out_channels;
  VaeDecoder out;
  out.conv_in = loader.conv("decoder.conv_in", config.latent_channels, channels.back(), kSame3x3);
  out.mid_block = load_mid_block(loader, "decoder.mid_block");
  std::int64_t previous = channels.back();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string prefix = fmt::format("decoder.up_blocks.{}", i);
    const std::int64_t width = channels[channels.size() - 1 - i];
    VaeBlock block;
    block.resnets = load_resnets(loader, prefix, config.layers_per_block + 1, previous, width);
    if (i + 1 < channels.size()) {
      block.upsampler = loader.conv(prefix + ".upsamplers.0.conv", width, width, kSame3x3);
    }
    out.up_blocks.push_back(std::move(block));
    previous = width;
  }
  out.conv_norm_out = loader.norm("decoder.conv_norm_out", channels.front());
  out.conv_out = loader.conv("decoder.conv_out", channels.front(), config.out_channels, kSame3x3);
  return out;
}

}  // namespace

AutoencoderKL load_vae(WeightMap& weights, const VaeConfig& config, const ops::Placement& where) {
  const Loader loader{weights, config, where};
  const std::int64_t latents = config.latent_channels;
  AutoencoderKL vae;
  vae.config = config;
  vae.where = where;
  vae.encoder = load_encoder(loader);
  vae.decoder = load_decoder(loader);
  if (config.use_quant_conv) vae.quant_conv = loader.linear("quant_conv", 2 * latents, 2 * latents);
  if (config.use_post_quant_conv) vae.post_quant_conv = loader.linear("post_quant_conv", latents, latents);
  return vae;
}

}  // namespace sdw::models

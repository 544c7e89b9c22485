#include "models/vae_config.h"

#include <algorithm>
#include <fmt/format.h>

#include "io/printable.h"
#include "models/config_reader.h"

namespace sdw::models {
namespace {

constexpr std::int64_t kMostChannels = 1 << 14;
constexpr std::size_t kMostBlocks = 8;

void check_block_types(ConfigReader& reader, std::string_view field, const std::string& only,
                       std::size_t blocks) {
  const std::vector<std::string> types = reader.strings(field, {only});
  for (const std::string& type : types) {
    if (type != only) reader.fail(field, fmt::format("expected {}, got {}", only, io::printable(type)));
  }
  if (types.size() != blocks) {
    reader.fail(field, fmt::format("expected {} entries, got {}", blocks, types.size()));
  }
}

std::vector<double> parse_latent_numbers(ConfigReader& reader, std::string_view field,
                                         std::int64_t channels) {
  std::vector<double> out = reader.numbers(field);
  if (!out.empty() && out.size() != static_cast<std::size_t>(channels)) {
    reader.fail(field, fmt::format("expected {} entries, got {}", channels, out.size()));
  }
  return out;
}

}  // namespace

Result<VaeConfig> parse_vae_config(const nlohmann::json& config, const std::string& file) {
  ConfigReader reader(file, config);
  VaeConfig out;
  out.in_channels = reader.integer("in_channels", out.in_channels, 1, kMostChannels);
  out.out_channels = reader.integer("out_channels", out.out_channels, 1, kMostChannels);
  out.block_out_channels = reader.integers("block_out_channels", out.block_out_channels, 1, kMostChannels);
  out.layers_per_block = reader.integer("layers_per_block", out.layers_per_block, 1, 64);
  out.latent_channels = reader.integer("latent_channels", out.latent_channels, 1, 1024);
  out.norm_num_groups = reader.integer("norm_num_groups", out.norm_num_groups, 1, kMostChannels);
  const nlohmann::json* sample_size = reader.find("sample_size");
  out.sample_size = sample_size != nullptr && sample_size->is_array()
                        ? reader.integers("sample_size", {out.sample_size}, 1, 1 << 16).front()
                        : reader.integer("sample_size", out.sample_size, 1, 1 << 16);
  out.scaling_factor = reader.number("scaling_factor", out.scaling_factor, 1e-6, 1e6);
  out.shift_factor = reader.number("shift_factor", out.shift_factor, -1e6, 1e6);
  out.latents_mean = parse_latent_numbers(reader, "latents_mean", out.latent_channels);
  out.latents_std = parse_latent_numbers(reader, "latents_std", out.latent_channels);
  out.force_upcast = reader.boolean("force_upcast", out.force_upcast);
  out.use_quant_conv = reader.boolean("use_quant_conv", out.use_quant_conv);
  out.use_post_quant_conv = reader.boolean("use_post_quant_conv", out.use_post_quant_conv);
  out.mid_block_add_attention = reader.boolean("mid_block_add_attention", out.mid_block_add_attention);
  reader.require("act_fn", "silu");
  const std::size_t blocks = out.block_out_channels.size();
  if (blocks > kMostBlocks) {
    reader.fail("block_out_channels", fmt::format("more than {} blocks", kMostBlocks));
  }
  check_block_types(reader, "down_block_types", "DownEncoderBlock2D", blocks);
  check_block_types(reader, "up_block_types", "UpDecoderBlock2D", blocks);
  for (std::int64_t channels : out.block_out_channels) {
    if (channels % out.norm_num_groups == 0) continue;
    reader.fail("block_out_channels",
                fmt::format("{} is not a multiple of norm_num_groups {}", channels, out.norm_num_groups));
  }
  if (Status status = reader.status(); !status) return status.error();
  return out;
}

}  // namespace sdw::models

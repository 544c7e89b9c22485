#include "models/unet_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "io/printable.h"
#include "models/config_reader.h"

namespace sdw::models {
namespace {

// Far above any model of this kind, and low enough that their products fit an int64 and a walk over them is
// short.
constexpr std::size_t kMostBlocks = 16;
constexpr std::int64_t kMostChannels = 1 << 14;
constexpr std::int64_t kMostLayers = 64;
constexpr std::int64_t kMostTransformerLayers = 256;
constexpr std::int64_t kMostTransformerLayersInAll = 4096;

// True for `with` and false for `without` in a list of block types.
std::vector<bool> parse_block_types(ConfigReader& reader, std::string_view field,
                                    std::vector<std::string> fallback, std::string_view with,
                                    std::string_view without, std::size_t blocks) {
  std::vector<bool> out;
  for (const std::string& type : reader.strings(field, std::move(fallback))) {
    if (type != with && type != without) {
      reader.fail(field, fmt::format("expected {} or {}, got {}", with, without, io::printable(type)));
    }
    out.push_back(type == with);
  }
  if (out.size() != blocks) {
    reader.fail(field, fmt::format("expected {} entries, got {}", blocks, out.size()));
  }
  out.resize(blocks);
  return out;
}

void parse_mid_block(ConfigReader& reader, UNetConfig& out) {
  const nlohmann::json* type = reader.find("mid_block_type");
  out.has_mid_block = type == nullptr || !type->is_null();  // null leaves the block out
  const std::string name = reader.string("mid_block_type", "UNetMidBlock2DCrossAttn");
  out.mid_cross_attention = name == "UNetMidBlock2DCrossAttn";
  if (!out.mid_cross_attention && name != "UNetMidBlock2D") {
    reader.fail("mid_block_type", fmt::format("expected UNetMidBlock2DCrossAttn or UNetMidBlock2D, got {}",
                                              io::printable(name)));
  }
}

// One number for the model, one for each block, or (asymmetric models) one for each attention of each block.
// Up blocks take the list backwards unless they have their own.
void parse_transformer_layers(ConfigReader& reader, UNetConfig& out) {
  constexpr std::string_view kField = "transformer_layers_per_block";
  constexpr std::string_view kReverse = "reverse_transformer_layers_per_block";
  const std::size_t blocks = out.block_out_channels.size();
  const nlohmann::json one = 1;
  const nlohmann::json& field = reader.has(kField) ? *reader.find(kField) : one;
  const nlohmann::json* reverse = reader.has(kReverse) ? reader.find(kReverse) : nullptr;
  if (field.is_array() && field.size() != blocks) {
    reader.fail(kField, fmt::format("expected {} entries", blocks));
  }
  if (reverse != nullptr && (!reverse->is_array() || reverse->size() != blocks)) {
    reader.fail(kReverse, fmt::format("expected a list of {} entries", blocks));
  }
  if (!reader.status()) return;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t mirrored = blocks - 1 - i;
    const nlohmann::json& down = field.is_array() ? field[i] : field;
    const nlohmann::json& down_mirrored = field.is_array() ? field[mirrored] : field;
    if (down.is_array() && reverse == nullptr) {
      reader.fail(kReverse, "missing beside lists of transformer layers");
    }
    const auto layers = static_cast<std::size_t>(out.layers_per_block[i]);
    out.down_transformer_layers.push_back(reader.spread(kField, down, layers, 0, kMostTransformerLayers));
    out.up_transformer_layers.push_back(reader.spread(
        reverse ? kReverse : kField, reverse ? (*reverse)[i] : down_mirrored,
        static_cast<std::size_t>(out.layers_per_block[mirrored]) + 1, 0, kMostTransformerLayers));
  }
  const nlohmann::json& last = field.is_array() ? field.back() : field;
  out.mid_transformer_layers = {
      reader.spread(kField, last, last.is_array() ? last.size() : 1, 0, kMostTransformerLayers).front()};
}

void check_transformer_total(ConfigReader& reader, const UNetConfig& config) {
  std::int64_t total = 0;
  for (const auto* blocks : {&config.down_transformer_layers, &config.up_transformer_layers}) {
    for (const auto& block : *blocks) total = std::accumulate(block.begin(), block.end(), total);
  }
  if (total <= kMostTransformerLayersInAll) return;
  reader.fail("transformer_layers_per_block",
              fmt::format("{} transformer layers in all, more than {}", total, kMostTransformerLayersInAll));
}

void check_channels(ConfigReader& reader, const UNetConfig& config) {
  for (std::size_t i = 0; i < config.block_out_channels.size(); ++i) {
    const std::int64_t channels = config.block_out_channels[i];
    if (channels % config.norm_num_groups != 0) {
      reader.fail("block_out_channels", fmt::format("{} is not a multiple of norm_num_groups {}", channels,
                                                    config.norm_num_groups));
    }
    if (config.num_attention_heads[i] > channels) {
      reader.fail("attention_head_dim",
                  fmt::format("{} heads for {} channels", config.num_attention_heads[i], channels));
    }
  }
}

void parse_added_conditions(ConfigReader& reader, UNetConfig& out) {
  reader.require("addition_embed_type", "text_time");
  out.text_time = reader.has("addition_embed_type");
  if (out.text_time) {
    for (std::string_view field : {"addition_time_embed_dim", "projection_class_embeddings_input_dim"}) {
      if (!reader.has(field)) reader.fail(field, "missing beside addition_embed_type \"text_time\"");
    }
  }
  out.addition_time_embed_dim = reader.integer("addition_time_embed_dim", 0, 1, kMostChannels);
  out.projection_class_embeddings_input_dim =
      reader.integer("projection_class_embeddings_input_dim", 0, 1, 1 << 20);
  out.time_cond_proj_dim = reader.integer("time_cond_proj_dim", 0, 1, kMostChannels);
}

void refuse_unsupported(ConfigReader& reader) {
  reader.require("act_fn", "silu");
  reader.require("attention_type", "default");
  reader.require("class_embed_type", nullptr);
  reader.require("class_embeddings_concat", false);
  reader.require("dual_cross_attention", false);
  reader.require("encoder_hid_dim", nullptr);
  reader.require("encoder_hid_dim_type", nullptr);
  reader.require("num_attention_heads", nullptr);
  reader.require("num_class_embeds", nullptr);
  reader.require("resnet_time_scale_shift", "default");
  reader.require("time_embedding_act_fn", nullptr);
  reader.require("time_embedding_type", "positional");
  reader.require("timestep_post_act", nullptr);
  if (reader.find("norm_num_groups") != nullptr && !reader.has("norm_num_groups")) {
    reader.fail("norm_num_groups", "a model without group norms is not supported");
  }
}

std::int64_t parse_sample_size(ConfigReader& reader) {
  const nlohmann::json* value = reader.find("sample_size");
  if (value != nullptr && value->is_array()) {
    return reader.integers("sample_size", {}, 1, kMostChannels).front();
  }
  return reader.integer("sample_size", 0, 1, kMostChannels);
}

std::int64_t parse_odd_kernel(ConfigReader& reader, std::string_view field) {
  const std::int64_t kernel = reader.integer(field, 3, 1, 31);
  if (kernel % 2 == 0) reader.fail(field, fmt::format("expected an odd number, got {}", kernel));
  return kernel;
}

}  // namespace

Result<UNetConfig> parse_unet_config(const nlohmann::json& config, const std::string& file) {
  ConfigReader reader(file, config);
  UNetConfig out;
  refuse_unsupported(reader);
  out.in_channels = reader.integer("in_channels", 4, 1, kMostChannels);
  out.out_channels = reader.integer("out_channels", 4, 1, kMostChannels);
  out.sample_size = parse_sample_size(reader);
  out.center_input_sample = reader.boolean("center_input_sample", false);
  out.flip_sin_to_cos = reader.boolean("flip_sin_to_cos", true);
  out.freq_shift = reader.number("freq_shift", 0, -1000, 1000);
  out.block_out_channels = reader.integers("block_out_channels", out.block_out_channels, 1, kMostChannels);
  const std::size_t blocks = out.block_out_channels.size();
  if (blocks > kMostBlocks) {
    reader.fail("block_out_channels", fmt::format("more than {} blocks", kMostBlocks));
  }
  if (Status status = reader.status(); !status) return status.error();

  const std::vector<std::string> down(3, "CrossAttnDownBlock2D"), up(3, "CrossAttnUpBlock2D");
  std::vector<std::string> default_down = down, default_up = up;
  default_down.push_back("DownBlock2D");
  default_up.insert(default_up.begin(), "UpBlock2D");
  out.down_cross_attention = parse_block_types(reader, "down_block_types", default_down,
                                               "CrossAttnDownBlock2D", "DownBlock2D", blocks);
  out.up_cross_attention =
      parse_block_types(reader, "up_block_types", default_up, "CrossAttnUpBlock2D", "UpBlock2D", blocks);
  parse_mid_block(reader, out);
  out.only_cross_attention = reader.boolean_per_block("only_cross_attention", false, blocks);
  out.layers_per_block = reader.integer_per_block("layers_per_block", 2, blocks, 1, kMostLayers);
  out.num_attention_heads = reader.integer_per_block("attention_head_dim", 8, blocks, 1, kMostChannels);
  out.cross_attention_dim = reader.integer_per_block("cross_attention_dim", 1280, blocks, 1, kMostChannels);
  if (Status status = reader.status(); !status) return status.error();
  parse_transformer_layers(reader, out);
  out.norm_num_groups = reader.integer("norm_num_groups", 32, 1, kMostChannels);
  out.norm_eps = reader.number("norm_eps", 1e-5, 0, 1);
  out.mid_block_scale_factor = reader.number("mid_block_scale_factor", 1, 1e-3, 1e3);
  out.downsample_padding = reader.integer("downsample_padding", 1, 0, 1);
  out.conv_in_kernel = parse_odd_kernel(reader, "conv_in_kernel");
  out.conv_out_kernel = parse_odd_kernel(reader, "conv_out_kernel");
  out.time_embed_dim =
      reader.integer("time_embedding_dim", 4 * out.block_out_channels[0], 1, 4 * kMostChannels);
  parse_added_conditions(reader, out);
  check_transformer_total(reader, out);
  check_channels(reader, out);
  if (Status status = reader.status(); !status) return status.error();
  return out;
}

}  // namespace sdw::models

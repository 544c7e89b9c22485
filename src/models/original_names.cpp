#include "models/original_names.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <utility>

namespace sdw::models {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;

constexpr Renaming kUnetEnds[] = {
    {"time_embed.0", "time_embedding.linear_1"},
    {"time_embed.2", "time_embedding.linear_2"},
    {"label_emb.0.0", "add_embedding.linear_1"},
    {"label_emb.0.2", "add_embedding.linear_2"},
    {"out.0", "conv_norm_out"},
    {"out.2", "conv_out"},
};

constexpr Renaming kResnetParts[] = {
    {"in_layers.0", "norm1"},  {"in_layers.2", "conv1"},          {"out_layers.0", "norm2"},
    {"out_layers.3", "conv2"}, {"emb_layers.1", "time_emb_proj"}, {"skip_connection", "conv_shortcut"},
};

constexpr Renaming kVaeParts[] = {
    {"nin_shortcut", "conv_shortcut"},
    {"norm_out", "conv_norm_out"},
    {"norm", "group_norm"},
    {"q", "to_q"},
    {"k", "to_k"},
    {"v", "to_v"},
    {"proj_out", "to_out.0"},
};

// Each is replaced wherever it stands.
constexpr Renaming kOpenClipPieces[] = {
    {"transformer.resblocks.", "text_model.encoder.layers."},
    {"token_embedding", "text_model.embeddings.token_embedding"},
    {"ln_final", "text_model.final_layer_norm"},
    {".ln_1", ".layer_norm1"},
    {".ln_2", ".layer_norm2"},
    {".attn.", ".self_attn."},
    {".c_fc", ".fc1"},
    {".c_proj", ".fc2"},
};

std::string with_separator(std::string_view dotted, char separator) {
  std::string out(dotted);
  std::ranges::replace(out, '.', separator);
  return out;
}

std::string renamed(std::string_view name, std::span<const Renaming> table, char separator = '.') {
  for (const auto& [original, own] : table) {
    if (name == with_separator(original, separator)) return with_separator(own, separator);
  }
  return std::string(name);
}

// What follows `prefix`, or nothing where `text` does not begin so.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

// "12.rest" -> 12 and "rest"; nothing where it does not begin so.
std::optional<int> take_number(std::string_view& text, char separator = '.') {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0 || value > 1000) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(separator)) text.remove_prefix(1);
  return value;
}

// Modules of a block of the original UNet: resnets have even numbers, attentions odd ones.
std::string in_block(const std::string& block, int index, int module, std::string_view rest, char separator) {
  if (module % 2 != 0) {
    return with_separator(fmt::format("{}.attentions.{}.", block, index), separator).append(rest);
  }
  return with_separator(fmt::format("{}.resnets.{}.", block, index), separator)
      .append(renamed(rest, kResnetParts, separator));
}

}  // namespace

std::string unet_layer_from_original(std::string_view layer, int layers_per_block, char separator) {
  const auto in = [&](std::string_view blocks) { return after(layer, with_separator(blocks, separator)); };
  const auto sampler = [&](std::string_view direction, int block) {
    return with_separator(fmt::format("{}_blocks.{}.{}samplers.0.conv", direction, block, direction),
                          separator);
  };
  if (auto rest = in("middle_block.")) {
    const auto module = take_number(*rest, separator);
    if (!module) return std::string(layer);
    return in_block("mid_block", *module / 2, *module, *rest, separator);
  }
  // On the way down a downsampler ends each block, on the way up there is one layer more.
  const int period = layers_per_block + 1;
  if (auto rest = in("input_blocks.")) {
    const auto number = take_number(*rest, separator), module = take_number(*rest, separator);
    if (!number || !module) return std::string(layer);
    if (*number == 0) return with_separator("conv_in", separator);
    const int block = (*number - 1) / period, index = (*number - 1) % period;
    if (index == layers_per_block) return sampler("down", block);
    return in_block(fmt::format("down_blocks.{}", block), index, *module, *rest, separator);
  }
  if (auto rest = in("output_blocks.")) {
    const auto number = take_number(*rest, separator), module = take_number(*rest, separator);
    if (!number || !module) return std::string(layer);
    const int block = *number / period, index = *number % period;
    if (*module > 0 && *rest == "conv") return sampler("up", block);
    return in_block(fmt::format("up_blocks.{}", block), index, *module, *rest, separator);
  }
  return renamed(layer, kUnetEnds, separator);
}

std::string vae_layer_from_original(std::string_view layer, int blocks) {
  for (const std::string_view side : {"encoder.", "decoder."}) {
    const auto inner = after(layer, side);
    if (!inner) continue;
    const bool down = side == "encoder.";
    if (auto rest = after(*inner, "mid.block_")) {
      const auto number = take_number(*rest);
      if (!number) break;
      return fmt::format("{}mid_block.resnets.{}.{}", side, *number - 1, renamed(*rest, kVaeParts));
    }
    if (auto rest = after(*inner, "mid.attn_1.")) {
      return fmt::format("{}mid_block.attentions.0.{}", side, renamed(*rest, kVaeParts));
    }
    if (auto rest = after(*inner, down ? "down." : "up.")) {
      const auto level = take_number(*rest);
      if (!level) break;
      const std::string block = down ? fmt::format("{}down_blocks.{}.", side, *level)
                                     : fmt::format("{}up_blocks.{}.", side, blocks - 1 - *level);
      if (*rest == "downsample.conv") return block + "downsamplers.0.conv";
      if (*rest == "upsample.conv") return block + "upsamplers.0.conv";
      if (auto part = after(*rest, "block.")) {
        const auto index = take_number(*part);
        if (index) return fmt::format("{}resnets.{}.{}", block, *index, renamed(*part, kVaeParts));
      }
      break;
    }
    return std::string(side) + renamed(*inner, kVaeParts);
  }
  return std::string(layer);
}

std::string text_layer_from_open_clip(std::string_view layer) {
  std::string out(layer);
  for (const auto& [original, own] : kOpenClipPieces) {
    if (const auto at = out.find(original); at != std::string::npos) out.replace(at, original.size(), own);
  }
  return out;
}

}  // namespace sdw::models

#include "contract/ignored_fields.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/printable.h"

namespace sdw::contract {
namespace {

constexpr std::size_t kMaxWarnings = 8;
constexpr std::size_t kMaxNameBytes = 60;  // of a name in a warning
constexpr std::size_t kMaxNearBytes = 40;  // longer names resemble none of ours

struct Synonym {
  std::string_view name, field;
};

// What AUTOMATIC1111, ComfyUI, diffusers, InvokeAI, stable-diffusion.cpp and OpenAI's API say for our fields.
// The first line whose field the object has is taken.
constexpr Synonym kSynonyms[] = {
    {"cfg_scale", "guidance_scale"},
    {"cfg", "guidance_scale"},
    {"guidance", "guidance_scale"},
    {"scale", "guidance_scale"},
    {"sampler_name", "sampler"},
    {"sampler_index", "sampler"},
    {"sampling_method", "sampler"},
    {"sample_method", "sampler"},
    {"scheduler", "schedule"},
    {"num_inference_steps", "steps"},
    {"sampling_steps", "steps"},
    {"sample_steps", "steps"},
    {"denoising_strength", "strength"},
    {"denoise", "strength"},
    {"image_strength", "strength"},
    {"batch_size", "count"},
    {"batch_count", "count"},
    {"n", "count"},
    {"n_iter", "count"},
    {"num_images", "count"},
    {"num_images_per_prompt", "count"},
    {"num_outputs", "count"},
    {"image", "input_image"},
    {"init_images", "input_image"},
    {"mask", "mask_image"},
    {"size", "width"},
    {"w", "width"},
    {"h", "height"},
    {"lora", "loras"},
    {"checkpoint", "model"},
    {"ckpt_name", "model"},
    {"model_name", "model"},
    {"model_id", "model"},
    {"sd_model_checkpoint", "model"},
    {"text", "prompt"},
    {"negative", "negative_prompt"},
    {"clip_stop_at_last_layers", "clip_skip"},
    {"noise_seed", "seed"},
    {"random_seed", "seed"},
    {"format", "output_format"},
    {"response_format", "output_format"},
    {"image_format", "output_format"},
    {"output_compression", "quality"},
    {"dtype", "precision"},
    {"torch_dtype", "precision"},
    {"timeout", "timeout_s"},
    {"partial_images", "preview_every"},
    // Of a LoRA.
    {"scale", "strength"},
    {"weight", "strength"},
    {"multiplier", "strength"},
    {"strength_model", "strength"},
    {"lora_name", "name"},
    {"model", "name"},
    {"path", "name"},
    {"file", "name"},
    {"id", "name"},
};

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "guidanceScale" and "Guidance-Scale" become "guidancescale".
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a` (optimal string
// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({replaced, last[j] + 1, now[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = std::exchange(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest_field(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > kMaxNearBytes) return {};
  const std::string wanted = folded(name);
  if (wanted.empty()) return {};
  for (const std::string_view field : known) {
    if (folded(field) == wanted) return field;
  }
  for (const auto& [other, field] : kSynonyms) {
    if (folded(other) == wanted && contains(known, field)) return field;
  }
  std::string_view nearest;
  std::size_t least = SIZE_MAX;
  for (const std::string_view field : known) {
    const std::string candidate = folded(field);
    const std::size_t distance = edit_distance(wanted, candidate);
    // Up to a third of the letters: "stpes" is steps, "hue" is nothing.
    if (distance < least && 3 * distance <= std::max(wanted.size(), candidate.size())) {
      nearest = field;
      least = distance;
    }
  }
  return nearest;
}

bool IgnoredFields::is_full() {
  if (warnings_.size() < kMaxWarnings) return false;
  ++untold_;
  return true;
}

void IgnoredFields::add(const nlohmann::json& object, std::span<const std::string_view> known,
                        std::span<const std::string_view> suggestions, std::string_view prefix) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_null() || contains(known, name) || is_full()) continue;
    const std::string_view meant = nearest_field(name, suggestions);
    const std::string shown = io::printable(fmt::format("{}{}", prefix, name), kMaxNameBytes);
    warnings_.push_back(meant.empty()
                            ? fmt::format("{} is not a known field and was ignored", shown)
                            : fmt::format("{} is not a known field and was ignored; did you mean {}{}?",
                                          shown, prefix, meant));
  }
}

void IgnoredFields::add_of_others(std::string_view name, std::string_view operation,
                                  std::string_view others) {
  if (is_full()) return;
  warnings_.push_back(
      fmt::format("{} is a field of {}, not of {}, and was ignored", name, others, operation));
}

std::vector<std::string> IgnoredFields::warnings() const {
  std::vector<std::string> all = warnings_;
  if (untold_ > 0) all.push_back(fmt::format("{} more fields were ignored", untold_));
  return all;
}

}  // namespace sdw::contract

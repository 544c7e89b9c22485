#include "pipeline/sampling_config.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "pipeline/make_sampler.h"
#include "pipeline/model_components.h"
#include "schedulers/registry.h"

namespace sdw::pipeline {
namespace {

constexpr int kMinSize = 64, kMaxSize = 2048, kSizeMultiple = 8;  // pixels
constexpr int kMaxClipSkip = 12;
constexpr int kMaxDeepCacheInterval = 10;

Error invalid(std::string param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), std::move(param)};
}

std::optional<Error> check_size(const char* field, int value, int multiple) {
  if (value < kMinSize || value > kMaxSize || value % multiple != 0) {
    return invalid(field, fmt::format("{} must be a multiple of {} from {} to {}, got {}", field, multiple,
                                      kMinSize, kMaxSize, value));
  }
  return std::nullopt;
}

std::optional<Error> check_range(const char* field, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return std::nullopt;
  return invalid(field, fmt::format("{} must be from {} to {}, got {}", field, low, high, value));
}

std::optional<Error> check_shortcuts(const Shortcuts& shortcuts) {
  if (auto error = check_range("guidance_start", shortcuts.guidance_start, 0, 1)) return error;
  if (auto error = check_range("guidance_end", shortcuts.guidance_end, 0, 1)) return error;
  if (auto error = check_range("cross_attention_end", shortcuts.cross_attention_end, 0, 1)) return error;
  if (auto error =
          check_range("token_merging_ratio", shortcuts.token_merging_ratio, 0, kMaxTokenMergingRatio)) {
    return error;
  }
  return check_range("deep_cache_interval", shortcuts.deep_cache_interval, 1, kMaxDeepCacheInterval);
}

std::optional<Error> check_operation(Operation operation, const ModelComponents& model) {
  if (model.inpainting && operation != Operation::image_inpaint) {
    return invalid("operation",
                   "this is an inpainting model (9-channel UNet): it needs an input picture and a mask");
  }
  return std::nullopt;
}

int rounded_down(int size, int multiple) {
  return size - size % multiple;
}

}  // namespace

Shortcuts shortcuts_of(const SamplingOptions& options) {
  const Shortcuts none;
  return {options.guidance_start.value_or(none.guidance_start),
          options.guidance_end.value_or(none.guidance_end),
          options.cross_attention_end.value_or(none.cross_attention_end),
          options.token_merging_ratio.value_or(none.token_merging_ratio),
          options.deep_cache_interval.value_or(none.deep_cache_interval)};
}

Status check_sampling_options(const SamplingOptions& options) {
  if (options.width) {
    if (auto error = check_size("width", *options.width, kSizeMultiple)) return *error;
  }
  if (options.height) {
    if (auto error = check_size("height", *options.height, kSizeMultiple)) return *error;
  }
  if (auto error = check_range("steps", options.steps.value_or(1), 1, kMaxSteps)) return *error;
  if (auto error = check_range("guidance_scale", options.guidance_scale.value_or(0), 0, kMaxGuidanceScale)) {
    return *error;
  }
  if (auto error = check_range("strength", options.strength.value_or(0), 0, 1)) return *error;
  if (auto error = check_range("clip_skip", options.clip_skip.value_or(1), 1, kMaxClipSkip)) return *error;
  if (auto error = check_shortcuts(shortcuts_of(options))) return *error;
  if (!options.sampler.empty()) {
    if (auto name = schedulers::canonical_sampler(options.sampler); !name) return name.error();
  }
  if (!options.schedule.empty()) {
    if (auto name = schedulers::canonical_schedule(options.schedule); !name) return name.error();
  }
  return ok_status();
}

Status check_input_size(const SamplingOptions& options, int input_width, int input_height) {
  if (input_width <= 0) return ok_status();
  const auto is_usable = [](const std::optional<int>& named, int size) {
    return named || (size >= kMinSize && rounded_down(size, kSizeMultiple) <= kMaxSize);
  };
  if (is_usable(options.width, input_width) && is_usable(options.height, input_height)) return ok_status();
  return invalid(
      options.operation == Operation::image_inpaint ? "init_image" : "input_image",
      fmt::format("the input image has {} x {} pixels, and an output of its size must have from {} "
                  "to {} on each side: send another image, or width and height to scale it",
                  input_width, input_height, kMinSize, kMaxSize));
}

Result<SamplingConfig> make_sampling_config(const SamplingOptions& options, const ModelComponents& model,
                                            int input_width, int input_height) {
  if (auto status = check_sampling_options(options); !status) return status.error();
  if (auto error = check_operation(options.operation, model)) return *error;
  if (auto status = check_input_size(options, input_width, input_height); !status) return status.error();

  SamplingConfig config;
  config.operation = options.operation;
  const int multiple = std::max(kSizeMultiple, model.vae_scale);
  const bool has_input = input_width > 0;
  config.width =
      options.width.value_or(has_input ? rounded_down(input_width, multiple) : model.defaults.width);
  config.height =
      options.height.value_or(has_input ? rounded_down(input_height, multiple) : model.defaults.height);
  if (auto error = check_size("width", config.width, multiple)) return *error;
  if (auto error = check_size("height", config.height, multiple)) return *error;

  config.steps = options.steps.value_or(model.defaults.steps);
  config.guidance_scale = options.guidance_scale.value_or(model.defaults.guidance_scale);
  if (options.operation != Operation::image_generation) {
    config.strength = options.strength.value_or(options.operation == Operation::image_inpaint ? 1.0 : 0.8);
  }
  if (!options.sampler.empty()) config.sampler = *schedulers::canonical_sampler(options.sampler);
  if (!options.schedule.empty()) config.schedule = *schedulers::canonical_schedule(options.schedule);
  if (options.clip_skip) {
    const auto layers = model.text_encoder.config.num_hidden_layers;
    if (auto error = check_range("clip_skip", *options.clip_skip, 1, static_cast<double>(layers))) {
      return *error;
    }
    config.clip_skip = *options.clip_skip - 1;
  }
  config.shortcuts = shortcuts_of(options);
  // A trial run of the schedule finds combinations that leave nothing to do.
  if (auto sampler = make_sampler(model, config); !sampler) return sampler.error();
  return config;
}

}  // namespace sdw::pipeline

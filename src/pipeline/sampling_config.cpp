#include "pipeline/sampling_config.h"

#include <algorithm>
#include <optional>

#include "pipeline/make_sampler.h"
#include "pipeline/model_components.h"
#include "request/names.h"

namespace sdw::pipeline {
namespace {

Error invalid(std::string param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), std::move(param)};
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

Result<SamplingConfig> make_sampling_config(const SamplingOptions& options, const ModelComponents& model,
                                            int input_width, int input_height) {
  if (auto status = request::check_sampling_options(options); !status) return status.error();
  if (auto error = check_operation(options.operation, model)) return *error;
  if (auto status = request::check_input_size(options, input_width, input_height); !status)
    return status.error();

  SamplingConfig config;
  config.operation = options.operation;
  const int multiple = std::max(request::kSizeMultiple, model.vae_scale);
  const bool has_input = input_width > 0;
  config.width =
      options.width.value_or(has_input ? rounded_down(input_width, multiple) : model.defaults.width);
  config.height =
      options.height.value_or(has_input ? rounded_down(input_height, multiple) : model.defaults.height);
  if (auto status = request::check_size("width", config.width, multiple); !status) return status.error();
  if (auto status = request::check_size("height", config.height, multiple); !status) return status.error();

  config.steps = options.steps.value_or(model.defaults.steps);
  config.guidance_scale = options.guidance_scale.value_or(model.defaults.guidance_scale);
  if (options.operation != Operation::image_generation) {
    config.strength = options.strength.value_or(request::default_strength(options.operation));
  }
  if (!options.sampler.empty()) config.sampler = *request::canonical_sampler(options.sampler);
  if (!options.schedule.empty()) config.schedule = *request::canonical_schedule(options.schedule);
  if (options.clip_skip) {
    const auto layers = model.text_encoder.config.num_hidden_layers;
    if (auto status = request::check_clip_skip(*options.clip_skip, static_cast<int>(layers)); !status) {
      return status.error();
    }
    config.clip_skip = *options.clip_skip - 1;
  }
  config.shortcuts = request::shortcuts_of(options);
  // A trial run of the schedule finds combinations that leave nothing to do.
  if (auto sampler = make_sampler(model, config); !sampler) return sampler.error();
  return config;
}

SamplingOptions as_options(const SamplingConfig& config) {
  SamplingOptions options{.operation = config.operation,
                          .width = config.width,
                          .height = config.height,
                          .steps = config.steps,
                          .guidance_scale = config.guidance_scale,
                          .sampler = config.sampler,
                          .schedule = config.schedule,
                          .clip_skip = config.clip_skip + 1};
  if (config.operation != Operation::image_generation) options.strength = config.strength;
  if (const Shortcuts& used = config.shortcuts; used != Shortcuts{}) {
    options.guidance_start = used.guidance_start;
    options.guidance_end = used.guidance_end;
    options.cross_attention_end = used.cross_attention_end;
    options.token_merging_ratio = used.token_merging_ratio;
    options.deep_cache_interval = used.deep_cache_interval;
  }
  return options;
}

}  // namespace sdw::pipeline

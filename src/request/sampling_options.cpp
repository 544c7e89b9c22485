#include "request/sampling_options.h"

#include <fmt/format.h>

#include "request/sampling_fields.h"

namespace sdw::request {

Shortcuts shortcuts_of(const SamplingOptions& options) {
  const Shortcuts none;
  return {options.guidance_start.value_or(none.guidance_start),
          options.guidance_end.value_or(none.guidance_end),
          options.cross_attention_end.value_or(none.cross_attention_end),
          options.token_merging_ratio.value_or(none.token_merging_ratio),
          options.deep_cache_interval.value_or(none.deep_cache_interval)};
}

double default_strength(Operation operation) {
  return operation == Operation::image_inpaint ? 1.0 : 0.8;
}

Status check_size(std::string_view field, int pixels, int multiple) {
  FieldInfo size = sampling_field(field);
  size.multiple_of = multiple;
  return check_number(size, pixels);
}

Status check_clip_skip(int clip_skip, int layers) {
  FieldInfo field = sampling_field("clip_skip");
  field.high = layers;
  return check_number(field, clip_skip);
}

Status check_input_size(const SamplingOptions& options, int input_width, int input_height) {
  if (input_width <= 0) return ok_status();
  const auto is_usable = [](const std::optional<int>& named, int size) {
    return named || (size >= kMinSize && size - size % kSizeMultiple <= kMaxSize);
  };
  if (is_usable(options.width, input_width) && is_usable(options.height, input_height)) return ok_status();
  return Error{ErrorCode::invalid_request,
               fmt::format("the input image has {} x {} pixels, and an output of its size must have from {} "
                           "to {} on each side: send another image, or width and height to scale it",
                           input_width, input_height, kMinSize, kMaxSize),
               options.operation == Operation::image_inpaint ? "init_image" : "input_image"};
}

Status check_sampling_options(const SamplingOptions& options) {
  return check_fields(sampling_fields(), options);
}

}  // namespace sdw::request

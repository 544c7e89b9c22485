#include "request/sampling_fields.h"

#include <algorithm>

namespace sdw::request {
namespace {

using enum FieldKind;
using Options = SamplingOptions;

constexpr std::string_view kModels = "the model's";
constexpr std::string_view kModelsOrPictures = "the model's, or the input picture's";

constexpr Field<SamplingOptions> kFields[] = {
    {{.name = "width",
      .kind = integer,
      .low = kMinSize,
      .high = kMaxSize,
      .multiple_of = kSizeMultiple,
      .fallback = kModelsOrPictures,
      .help = "Pixels."},
     &Options::width},
    {{.name = "height",
      .kind = integer,
      .low = kMinSize,
      .high = kMaxSize,
      .multiple_of = kSizeMultiple,
      .fallback = kModelsOrPictures,
      .help = "Pixels."},
     &Options::height},
    {{.name = "steps",
      .kind = integer,
      .low = 1,
      .high = kMaxSteps,
      .fallback = kModels,
      .help = "Denoising steps."},
     &Options::steps},
    {{.name = "guidance_scale",
      .kind = number,
      .high = kMaxGuidanceScale,
      .fallback = kModels,
      .help = "How strongly the prompt guides. Guidance runs above 1."},
     &Options::guidance_scale},
    {{.name = "strength",
      .kind = number,
      .high = 1,
      .fallback = "0.8; 1 with a mask",
      .help = "How far the result may be from the input picture.",
      .operations = kWithPicture},
     &Options::strength},
    {{.name = "sampler",
      .kind = name,
      .fallback = "the model's own",
      .help = "Case does not matter.",
      .names = sampler_names,
      .canonical = canonical_sampler},
     &Options::sampler},
    {{.name = "schedule",
      .kind = name,
      .fallback = "the model's own",
      .help = "Case does not matter.",
      .names = schedule_names,
      .canonical = canonical_schedule},
     &Options::schedule},
    {{.name = "clip_skip",
      .kind = integer,
      .low = 1,
      .high = kMaxClipSkip,
      .fallback = "1",
      .help = "Which layer of the text encoder is read; 1 is the last."},
     &Options::clip_skip},
    {{.name = "guidance_start",
      .kind = number,
      .high = 1,
      .fallback = "0",
      .help = "Guidance runs from this share of the steps on. Faster, for a different image."},
     &Options::guidance_start},
    {{.name = "guidance_end",
      .kind = number,
      .high = 1,
      .fallback = "1",
      .help = "Guidance runs up to this share of the steps. Faster, for a different image."},
     &Options::guidance_end},
    {{.name = "cross_attention_end",
      .kind = number,
      .high = 1,
      .fallback = "1",
      .help = "The prompt is read up to this share of the steps; after it, guidance does not run (T-GATE). "
              "Faster, for a different image."},
     &Options::cross_attention_end},
    {{.name = "token_merging_ratio",
      .kind = number,
      .high = kMaxTokenMergingRatio,
      .fallback = "0",
      .help = "The share of similar tokens that the largest self-attentions merge (ToMe). Faster, for a "
              "different image."},
     &Options::token_merging_ratio},
    {{.name = "deep_cache_interval",
      .kind = integer,
      .low = 1,
      .high = kMaxDeepCacheInterval,
      .fallback = "1",
      .help = "Only every nth step runs the whole UNet (DeepCache). Faster, for a different image."},
     &Options::deep_cache_interval},
};

}  // namespace

std::span<const Field<SamplingOptions>> sampling_fields() {
  return kFields;
}

const FieldInfo& sampling_field(std::string_view name) {
  return std::ranges::find(kFields, name, [](const auto& field) { return field.info.name; })->info;
}

}  // namespace sdw::request

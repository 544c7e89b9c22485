#include "contract/request_fields.h"

#include <limits>

#include "request/sampling_fields.h"

namespace sdw::contract {
namespace {

using enum request::FieldKind;
using request::Field;
using request::FieldInfo;
using request::Operation;

constexpr Limits kWidest;

constexpr Field<JobRequest> kFields[] = {
    {{.name = "operation", .help = "image_generation, image_transform or image_inpaint."}, {}},
    {{.name = "prompt",
      .kind = prompt,
      .help = "The content of the image. Not empty or blank, unless allow_empty_prompt."},
     {}},
    {{.name = "allow_empty_prompt",
      .kind = flag,
      .fallback = "false",
      .help = "Accept an empty or blank prompt."},
     &JobRequest::allow_empty_prompt},
    {{.name = "negative_prompt",
      .kind = prompt,
      .help = "What the image must not show; used where guidance_scale is above 1."},
     &JobRequest::negative_prompt},
    {{.name = "input_image",
      .help = "PNG, JPEG or WebP as base64, or as a data: URI with base64. init_image means the same.",
      .operations = request::kWithPicture},
     {}},
    {{.name = "init_image",
      .help = "PNG, JPEG or WebP as base64, or as a data: URI with base64. input_image means the same.",
      .operations = request::kWithPicture},
     {}},
    {{.name = "mask_image",
      .help = "As large as the input image; white is repainted.",
      .operations = request::only(Operation::image_inpaint)},
     {}},
    {{.name = "seed", .kind = seed, .fallback = "drawn, as for -1", .help = "Always reported back."},
     &JobRequest::seed},
    {{.name = "count",
      .kind = integer,
      .low = 1,
      .high = kWidest.count,
      .fallback = "1",
      .help = "Images with seeds seed, seed + 1, ..."},
     &JobRequest::count},
    {{.name = "model", .kind = id, .fallback = "the default model", .help = "A known model's id."},
     &JobRequest::model},
    {{.name = "precision",
      .fallback = "the worker's first",
      .help = "A precision that the worker was started with."},
     {}},
    {{.name = "loras",
      .help = "LoRAs to add to the model: [{\"name\", \"strength\"}]; a strength is from -10 to 10, 1 where "
              "it is absent."},
     {}},
    {{.name = "output_format", .fallback = "png", .help = "png, jpeg or webp."}, {}},
    {{.name = "quality",
      .kind = integer,
      .low = 1,
      .high = 100,
      .fallback = "90",
      .help = "Of JPEG and WebP."},
     &JobRequest::quality},
    {{.name = "preview_every",
      .kind = integer,
      .high = std::numeric_limits<int>::max(),
      .fallback = "0",
      .help = "A preview every n steps; 0: none."},
     &JobRequest::preview_every},
    {{.name = "priority",
      .kind = integer,
      .low = -10,
      .high = 10,
      .fallback = "0",
      .help = "Higher goes first; waiting makes up for it."},
     &JobRequest::priority},
    {{.name = "timeout_s",
      .kind = number,
      .high = kWidest.timeout_s,
      .above_low = true,
      .fallback = "no limit",
      .help = "The job fails with deadline_exceeded if it is not done within so many seconds."},
     &JobRequest::timeout_s},
    {{.name = "cancel_on_disconnect",
      .kind = flag,
      .fallback = "false",
      .help = "Cancel when the last reader of the stream leaves."},
     &JobRequest::cancel_on_disconnect},
    {{.name = "hive_id", .kind = id, .help = "Echoed in `parameters`; the worker does not use it."},
     &JobRequest::hive_id},
    {{.name = "worker_id", .kind = id, .help = "Echoed in `parameters`; the worker does not use it."},
     &JobRequest::worker_id},
};

}  // namespace

std::span<const Field<JobRequest>> request_fields() {
  return kFields;
}

const std::vector<FieldInfo>& all_fields() {
  static const std::vector<FieldInfo> kAll = [] {
    std::vector<FieldInfo> all;
    for (const auto& field : kFields) all.push_back(field.info);
    // The options of sampling stand after the seed.
    auto place = all.begin();
    while (place->name != "count") ++place;
    std::vector<FieldInfo> sampling;
    for (const auto& field : request::sampling_fields()) sampling.push_back(field.info);
    all.insert(place, sampling.begin(), sampling.end());
    return all;
  }();
  return kAll;
}

}  // namespace sdw::contract

#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/limits.h"
#include "io/picture.h"
#include "request/sampling_options.h"
#include "support/result.h"

namespace sdw::contract {

struct LoraRequest {
  std::string name;  // a file stem inside the LoRA folder; never a path
  double strength = 1;

  bool operator==(const LoraRequest&) const = default;
};

// What a model is loaded with: jobs of one model and one variant run on the same weights.
struct ModelVariant {
  std::string precision;  // one of those that the worker was started with; empty: the first of them
  std::vector<LoraRequest> loras;

  bool operator==(const ModelVariant&) const = default;
};

// The body of POST /v1/jobs, checked field by field. What depends on the model (its defaults, whether a step
// is left at this strength) and what the pictures hold is checked by who has them.
struct JobRequest {
  request::SamplingOptions
      sampling;  // operation, size, steps, guidance, strength, names (canonical ids), clip skip
  std::string prompt;
  bool allow_empty_prompt = false;
  std::optional<std::string> negative_prompt;  // absent: the model's own unconditional state
  std::string model;                           // empty: the default one
  ModelVariant variant;
  std::string hive_id;
  std::string worker_id;
  std::optional<std::uint64_t> seed;  // absent: to be drawn
  int count = 1;
  std::string input_image;  // base64 or a data: URI, as sent; empty: none
  std::string mask_image;
  int preview_every = 0;
  io::PictureFormat output_format = io::PictureFormat::png;
  int quality = 90;
  int priority = 0;
  std::optional<double> timeout_s;
  bool cancel_on_disconnect = false;
  std::vector<std::string> warnings;  // what was sent and has no effect
};

// Unknown fields, and fields that the operation does not have, are ignored and told in `warnings`. An integer
// may be written as 20.0; null means absent; NUL characters are refused in every string.
// Errors: malformed_json, input_too_large (body), invalid_request (`param` names the field).
Result<JobRequest> parse_job_request(std::string_view body, const Limits& limits);
Result<JobRequest> job_request_from_json(nlohmann::json body, const Limits& limits);

// For a size of which the model or an input picture gives a part. Errors: invalid_request.
Status check_output_pixels(int width, int height, const Limits& limits);

// The request without its pictures: what a client needs to ask for the same again.
nlohmann::json parameters(const JobRequest& request);

}  // namespace sdw::contract

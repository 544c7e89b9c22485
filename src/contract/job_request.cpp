#include "contract/job_request.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "contract/field_reader.h"
#include "contract/ignored_fields.h"
#include "contract/operation.h"
#include "io/blank.h"
#include "io/json.h"
#include "io/plain_name.h"
#include "io/printable.h"
#include "schedulers/names.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using pipeline::Operation;

constexpr std::size_t kShortText = 1024;  // bytes of an id or a name

Error invalid(std::string param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), std::move(param)};
}

Result<Operation> read_operation(FieldReader& fields) {
  const std::optional<std::string> name = fields.text("operation", kShortText);
  if (fields.error()) return *fields.error();
  if (!name) return invalid("operation", "operation is required");
  if (const auto operation = operation_from_name(*name)) return *operation;
  return invalid(
      "operation",
      fmt::format("unknown operation {}; known are image_generation, image_transform, image_inpaint",
                  io::printable(*name, 60)));
}

// The longest base64 text of so many bytes, with line breaks and the head of a data: URI.
std::size_t base64_bound(std::size_t bytes) {
  return bytes / 3 * 4 + bytes / 16 + 1024;
}

// The text of a picture under its name or an alias. Too much of it is 413, not 422.
Result<std::string> read_picture(json& body, FieldReader& fields, const char* name, const char* alias,
                                 const Limits& limits) {
  if (alias != nullptr && fields.has(name) && fields.has(alias)) {
    return invalid(alias, fmt::format("{} and {} mean the same; send one of them", name, alias));
  }
  const char* sent = alias != nullptr && fields.has(alias) ? alias : name;
  const auto at = body.find(sent);
  const std::size_t bound = base64_bound(limits.picture_bytes);
  if (at != body.end() && at->is_string() && at->get_ref<const std::string&>().size() > bound) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("{} is larger than {} bytes", sent, limits.picture_bytes), sent};
  }
  std::optional<std::string> text = fields.text(sent, bound);
  if (fields.error()) return *fields.error();
  if (!text || text->empty()) return invalid(name, fmt::format("{} is required", name));
  return *std::move(text);
}

void read_prompts(FieldReader& fields, const Limits& limits, JobRequest& request) {
  const std::optional<std::string> prompt = fields.text("prompt", limits.prompt_bytes);
  request.allow_empty_prompt = fields.boolean("allow_empty_prompt").value_or(false);
  request.negative_prompt = fields.text("negative_prompt", limits.prompt_bytes);
  if (!prompt) {
    fields.fail("prompt", "is required");
  } else if (io::is_blank(*prompt) && !request.allow_empty_prompt) {
    fields.fail("prompt", "must not be empty");
  } else {
    request.prompt = *prompt;
  }
}

void read_sampling(FieldReader& fields, const Limits& limits, pipeline::SamplingOptions& sampling) {
  sampling.steps = fields.integer("steps");
  sampling.guidance_scale = fields.number("guidance_scale");
  sampling.width = fields.integer("width");
  sampling.height = fields.integer("height");
  sampling.clip_skip = fields.integer("clip_skip");
  sampling.guidance_start = fields.number("guidance_start");
  sampling.guidance_end = fields.number("guidance_end");
  sampling.cross_attention_end = fields.number("cross_attention_end");
  sampling.token_merging_ratio = fields.number("token_merging_ratio");
  sampling.deep_cache_interval = fields.integer("deep_cache_interval");
  if (sampling.operation != Operation::image_generation) sampling.strength = fields.number("strength");
  if (sampling.steps.value_or(0) > limits.steps) {
    fields.fail("steps", fmt::format("must be from 1 to {}, got {}", limits.steps, *sampling.steps));
  }
}

// An empty name means the model's own, in SamplingOptions; a request has to leave the field out for that.
Status read_names(FieldReader& fields, pipeline::SamplingOptions& sampling) {
  if (const auto name = fields.text("sampler", kShortText)) {
    Result<std::string> id = schedulers::canonical_sampler(*name);
    if (!id) return Error{id.error().code, id.error().message, "sampler"};
    sampling.sampler = std::move(id).value();
  }
  if (const auto name = fields.text("schedule", kShortText)) {
    Result<std::string> id = schedulers::canonical_schedule(*name);
    if (!id) return Error{id.error().code, id.error().message, "schedule"};
    sampling.schedule = std::move(id).value();
  }
  return ok_status();
}

Result<LoraRequest> read_lora(json& value, std::size_t index, IgnoredFields& ignored) {
  const std::string place = fmt::format("loras[{}]", index);
  if (!value.is_object()) {
    return invalid(place, fmt::format("{} must be an object, got {}", place, value.type_name()));
  }
  FieldReader fields(value, place + ".");
  const std::optional<std::string> name = fields.text("name", kShortText);
  const double strength = fields.number("strength", -10, 10).value_or(1);
  if (fields.error()) return *fields.error();
  if (!name) return invalid(place + ".name", place + ".name is required");
  if (!io::is_plain_name(*name)) return invalid(place + ".name", place + ".name must be a name, not a path");
  ignored.add(value, fields.asked(), fields.asked(), place + ".");
  return LoraRequest{*name, strength};
}

Status read_loras(FieldReader& fields, const Limits& limits, IgnoredFields& ignored,
                  std::vector<LoraRequest>& loras) {
  json* values = fields.array("loras");
  if (values == nullptr) return ok_status();
  if (values->size() > static_cast<std::size_t>(limits.loras)) {
    return invalid("loras",
                   fmt::format("loras must have at most {} entries, got {}", limits.loras, values->size()));
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    Result<LoraRequest> lora = read_lora((*values)[i], i, ignored);
    if (!lora) return lora.error();
    loras.push_back(std::move(lora).value());
  }
  return ok_status();
}

Status read_output(FieldReader& fields, JobRequest& request) {
  request.preview_every = fields.integer("preview_every", 0, std::numeric_limits<int>::max()).value_or(0);
  request.quality = fields.integer("quality", 1, 100).value_or(90);
  if (const auto name = fields.text("output_format", kShortText)) {
    const Result<io::PictureFormat> format = io::picture_format_from_name(*name);
    if (!format) return Error{ErrorCode::invalid_request, format.error().message, "output_format"};
    request.output_format = *format;
  }
  return ok_status();
}

void read_handling(FieldReader& fields, const Limits& limits, JobRequest& request) {
  request.model = fields.text("model", kShortText).value_or("");
  request.variant.precision = fields.text("precision", kShortText).value_or("");
  request.hive_id = fields.text("hive_id", kShortText).value_or("");
  request.worker_id = fields.text("worker_id", kShortText).value_or("");
  request.seed = fields.seed("seed");
  request.count = fields.integer("count", 1, limits.count).value_or(1);
  request.priority = fields.integer("priority", -10, 10).value_or(0);
  request.timeout_s = fields.number("timeout_s", 0, limits.timeout_s);
  if (request.timeout_s == 0.0) fields.fail("timeout_s", "must be more than 0");
  request.cancel_on_disconnect = fields.boolean("cancel_on_disconnect").value_or(false);
}

Status read_pictures(json& body, FieldReader& fields, const Limits& limits, JobRequest& request) {
  if (request.sampling.operation == Operation::image_generation) return ok_status();
  const bool inpaint = request.sampling.operation == Operation::image_inpaint;
  Result<std::string> input = inpaint ? read_picture(body, fields, "init_image", "input_image", limits)
                                      : read_picture(body, fields, "input_image", "init_image", limits);
  if (!input) return input.error();
  request.input_image = std::move(input).value();
  if (!inpaint) return ok_status();
  Result<std::string> mask = read_picture(body, fields, "mask_image", nullptr, limits);
  if (!mask) return mask.error();
  request.mask_image = std::move(mask).value();
  return ok_status();
}

constexpr struct {
  std::string_view name, operations;
} kOfSomeOperations[] = {{"strength", "image_transform and image_inpaint"},
                         {"input_image", "image_transform and image_inpaint"},
                         {"init_image", "image_transform and image_inpaint"},
                         {"mask_image", "image_inpaint"}};

// The fields that none of the readers above has asked for.
void note_ignored(const json& body, Operation operation, const FieldReader& fields, IgnoredFields& ignored) {
  std::vector<std::string_view> known = fields.asked();
  for (const auto& [name, operations] : kOfSomeOperations) {
    if (std::ranges::find(fields.asked(), name) != fields.asked().end()) continue;
    known.push_back(name);
    const auto at = body.find(name);
    if (at != body.end() && !at->is_null()) ignored.add_of_others(name, to_string(operation), operations);
  }
  ignored.add(body, known, known);
}

}  // namespace

Status check_output_pixels(int width, int height, const Limits& limits) {
  if (std::int64_t{width} * height <= limits.output_pixels) return ok_status();
  return invalid("width", fmt::format("width * height must be at most {}, got {} * {}", limits.output_pixels,
                                      width, height));
}

Result<JobRequest> parse_job_request(std::string_view body, const Limits& limits) {
  Result<json> value = io::parse_json(body, {limits.body_bytes, limits.json_depth, 10'000});
  if (!value) return value.error();
  return job_request_from_json(std::move(value).value(), limits);
}

Result<JobRequest> job_request_from_json(json body, const Limits& limits) {
  if (!body.is_object()) {
    return invalid("", fmt::format("the body must be a JSON object, got {}", body.type_name()));
  }
  FieldReader fields(body);
  const Result<Operation> operation = read_operation(fields);
  if (!operation) return operation.error();

  JobRequest request;
  IgnoredFields ignored;
  request.sampling.operation = *operation;
  read_prompts(fields, limits, request);
  read_sampling(fields, limits, request.sampling);
  read_handling(fields, limits, request);
  if (fields.error()) return *fields.error();
  if (Status status = read_names(fields, request.sampling); !status) return status.error();
  if (Status status = read_output(fields, request); !status) return status.error();
  if (Status status = read_loras(fields, limits, ignored, request.variant.loras); !status)
    return status.error();
  if (fields.error()) return *fields.error();
  if (Status status = pipeline::check_sampling_options(request.sampling); !status) return status.error();
  if (request.sampling.width && request.sampling.height) {
    const int width = *request.sampling.width, height = *request.sampling.height;
    if (Status status = check_output_pixels(width, height, limits); !status) return status.error();
  }
  if (Status status = read_pictures(body, fields, limits, request); !status) return status.error();
  note_ignored(body, *operation, fields, ignored);
  request.warnings = ignored.warnings();
  return request;
}

json parameters(const JobRequest& request) {
  const pipeline::SamplingOptions& sampling = request.sampling;
  json out{{"operation", to_string(sampling.operation)},
           {"prompt", request.prompt},
           {"count", request.count},
           {"output_format", io::to_string(request.output_format)},
           {"quality", request.quality},
           {"preview_every", request.preview_every},
           {"priority", request.priority}};
  const auto put = [&out](const char* name, const auto& value) {
    if (value) out[name] = *value;
  };
  put("negative_prompt", request.negative_prompt);
  put("width", sampling.width);
  put("height", sampling.height);
  put("steps", sampling.steps);
  put("guidance_scale", sampling.guidance_scale);
  put("strength", sampling.strength);
  put("clip_skip", sampling.clip_skip);
  put("guidance_start", sampling.guidance_start);
  put("guidance_end", sampling.guidance_end);
  put("cross_attention_end", sampling.cross_attention_end);
  put("token_merging_ratio", sampling.token_merging_ratio);
  put("deep_cache_interval", sampling.deep_cache_interval);
  put("seed", request.seed);
  put("timeout_s", request.timeout_s);
  const auto put_text = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put_text("model", request.model);
  put_text("precision", request.variant.precision);
  put_text("hive_id", request.hive_id);
  put_text("worker_id", request.worker_id);
  put_text("sampler", sampling.sampler);
  put_text("schedule", sampling.schedule);
  if (request.allow_empty_prompt) out["allow_empty_prompt"] = true;
  if (request.cancel_on_disconnect) out["cancel_on_disconnect"] = true;
  for (const LoraRequest& lora : request.variant.loras) {
    out["loras"].push_back({{"name", lora.name}, {"strength", lora.strength}});
  }
  return out;
}

}  // namespace sdw::contract

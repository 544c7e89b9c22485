#include "contract/job_request.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "contract/field_reader.h"
#include "contract/field_values.h"
#include "contract/ignored_fields.h"
#include "contract/request_fields.h"
#include "io/blank.h"
#include "io/json.h"
#include "io/plain_name.h"
#include "io/printable.h"
#include "request/operation.h"
#include "request/sampling_fields.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using request::Operation;

Error invalid(std::string param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), std::move(param)};
}

Result<Operation> read_operation(FieldReader& fields) {
  const std::optional<std::string> name = fields.text("operation", kShortText);
  if (fields.error()) return *fields.error();
  if (!name) return invalid("operation", "operation is required");
  if (const auto operation = request::operation_from_name(*name)) return *operation;
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

void read_prompt(FieldReader& fields, const Limits& limits, JobRequest& request) {
  const std::optional<std::string> prompt = fields.text("prompt", limits.prompt_bytes);
  if (!prompt) {
    fields.fail("prompt", "is required");
  } else if (io::is_blank(*prompt) && !request.allow_empty_prompt) {
    fields.fail("prompt", "must not be empty");
  } else {
    request.prompt = *prompt;
  }
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

Status read_output_format(FieldReader& fields, JobRequest& request) {
  const std::optional<std::string> name = fields.text("output_format", kShortText);
  if (!name) return ok_status();
  const Result<io::PictureFormat> format = io::picture_format_from_name(*name);
  if (!format) return Error{ErrorCode::invalid_request, format.error().message, "output_format"};
  request.output_format = *format;
  return ok_status();
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

// "image_transform and image_inpaint"
std::string names_of(request::Operations operations) {
  std::string names;
  for (const Operation operation : request::operations()) {
    if ((operations & request::only(operation)) == 0) continue;
    names += (names.empty() ? "" : " and ") + std::string(to_string(operation));
  }
  return names;
}

// The fields that none of the readers above has asked for.
void note_ignored(const json& body, Operation operation, const FieldReader& fields, IgnoredFields& ignored) {
  std::vector<std::string_view> known = fields.asked();
  for (const request::FieldInfo& field : all_fields()) {
    if ((field.operations & request::only(operation)) != 0) continue;
    known.push_back(field.name);
    const auto at = body.find(field.name);
    if (at == body.end() || at->is_null()) continue;
    ignored.add_of_others(field.name, to_string(operation), names_of(field.operations));
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
  read_fields(fields, request_fields(), *operation, limits, request);
  read_fields(fields, request::sampling_fields(), *operation, limits, request.sampling);
  read_prompt(fields, limits, request);
  request.variant.precision = fields.text("precision", kShortText).value_or("");
  if (Status status = read_output_format(fields, request); !status) return status.error();
  if (Status status = read_loras(fields, limits, ignored, request.variant.loras); !status)
    return status.error();
  if (fields.error()) return *fields.error();
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
  json out{{"operation", to_string(request.sampling.operation)},
           {"prompt", request.prompt},
           {"output_format", io::to_string(request.output_format)}};
  write_fields(out, request_fields(), request);
  write_fields(out, request::sampling_fields(), request.sampling);
  if (!request.variant.precision.empty()) out["precision"] = request.variant.precision;
  for (const LoraRequest& lora : request.variant.loras) {
    out["loras"].push_back({{"name", lora.name}, {"strength", lora.strength}});
  }
  return out;
}

}  // namespace sdw::contract

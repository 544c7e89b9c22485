#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>

#include "contract/error_body.h"
#include "contract/field_values.h"
#include "contract/job_request.h"
#include "contract/request_fields.h"
#include "fuzz/target.h"
#include "io/blank.h"
#include "request/names.h"
#include "request/sampling_fields.h"

namespace sdw::fuzz {
namespace {

using contract::JobRequest;
using contract::Limits;
using nlohmann::json;
using request::Operation;

using contract::kShortText;

// An operator's, within reach of small inputs.
Limits low_limits() {
  Limits limits;
  limits.body_bytes = 2000;
  limits.prompt_bytes = 40;
  limits.picture_bytes = 96;
  limits.output_pixels = 256 * 256;
  limits.steps = 30;
  limits.count = 2;
  limits.loras = 2;
  limits.timeout_s = 60;
  limits.json_depth = 4;
  return limits;
}

bool is_field(const std::string& name) {
  static const std::regex kLora(R"(loras\[\d+\](\.name|\.strength)?)");
  return std::ranges::find(contract::all_fields(), name, &request::FieldInfo::name) !=
             contract::all_fields().end() ||
         std::regex_match(name, kLora);
}

// C0, DEL, and C1, which is C2 80 to C2 9F in UTF-8.
bool has_controls(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) return true;
  }
  return false;
}

void check_refusal(const Error& error, std::string_view body, const Limits& limits) {
  require(!error.message.empty() && error.message.size() < 1000, "a refusal has one readable line");
  require(!has_controls(error.message), "a message holds no control characters");
  const json sent = json::parse(contract::error_body(error)).at("error");
  require(sent.at("message") == error.message, "a message is UTF-8");
  const bool is_picture = error.param.ends_with("_image");
  switch (error.code) {
    case ErrorCode::malformed_json:
      require(error.param.empty(), "text that is no JSON has no field at fault");
      break;
    case ErrorCode::input_too_large:
      require(body.size() > limits.body_bytes ? error.param.empty() : is_picture && is_field(error.param),
              "the body is too large, or a picture");
      break;
    case ErrorCode::invalid_request:
      require(error.param.empty() ? !json::parse(body).is_object() : is_field(error.param),
              "a refusal names a field of the contract");
      break;
    default:
      require(false, "a refusal has a code of the contract");
  }
}

// NaN is within nothing.
bool within(double value, double low, double high) {
  return value >= low && value <= high;
}
template <class T>
bool within(const std::optional<T>& value, double low, double high) {
  return !value || within(static_cast<double>(*value), low, high);
}

bool is_text(std::string_view text, std::size_t max_bytes) {
  return text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

void check_sampling(const request::SamplingOptions& sampling, const Limits& limits) {
  require(request::check_fields(request::sampling_fields(), sampling).ok(),
          "what is taken is within the table's ranges");
  require(!sampling.width || !sampling.height ||
              std::int64_t{*sampling.width} * *sampling.height <= limits.output_pixels,
          "the limit of pixels holds");
  require(within(sampling.steps, 1, limits.steps), "steps are within their limits");
  require(!sampling.strength || sampling.operation != Operation::image_generation,
          "strength needs an input picture");
  require(sampling.sampler.empty() || *request::canonical_sampler(sampling.sampler) == sampling.sampler,
          "a sampler has its canonical id");
  require(sampling.schedule.empty() || *request::canonical_schedule(sampling.schedule) == sampling.schedule,
          "a schedule has its canonical id");
}

void check_loras(const JobRequest& request, const Limits& limits) {
  require(request.variant.loras.size() <= static_cast<std::size_t>(limits.loras), "the limit of LoRAs holds");
  for (const contract::LoraRequest& lora : request.variant.loras) {
    require(!lora.name.empty() && lora.name.size() <= 255 && lora.name.front() != '.' &&
                lora.name.find_first_of("/\\") == std::string::npos,
            "a LoRA's name is no path");
    require(std::ranges::none_of(lora.name, [](unsigned char c) { return std::iscntrl(c) != 0; }),
            "a LoRA's name holds no control characters");
    require(within(lora.strength, -10, 10), "a LoRA's strength is within its limits");
  }
}

void check_pictures(const JobRequest& request, const Limits& limits) {
  const Operation operation = request.sampling.operation;
  require(request.input_image.empty() == (operation == Operation::image_generation),
          "an input picture where the operation has one");
  require(request.mask_image.empty() == (operation != Operation::image_inpaint),
          "a mask where the operation has one");
  for (const std::string& picture : {request.input_image, request.mask_image}) {
    require(is_text(picture, 2 * limits.picture_bytes + 1024), "the limit of a picture holds");
  }
}

void check_accepted(const JobRequest& request, const Limits& limits) {
  require(is_text(request.prompt, limits.prompt_bytes) &&
              is_text(request.negative_prompt.value_or(""), limits.prompt_bytes),
          "prompts are within their limits");
  require(!io::is_blank(request.prompt) || request.allow_empty_prompt,
          "an empty prompt is allowed by a field");
  for (const std::string& text : {request.model, request.hive_id, request.worker_id}) {
    require(is_text(text, kShortText), "names are within their limits");
  }
  require(within(request.count, 1, limits.count), "count is within its limits");
  require(request.preview_every >= 0, "preview_every is within its limits");
  require(within(request.quality, 1, 100), "quality is within its limits");
  require(within(request.priority, -10, 10), "priority is within its limits");
  require(within(request.timeout_s, 0, limits.timeout_s) && request.timeout_s != 0.0,
          "timeout_s is within its limits");
  require(request.warnings.size() <= 9, "the number of warnings is bounded");
  for (const std::string& warning : request.warnings) {
    require(!warning.empty() && warning.size() < 250 && !has_controls(warning),
            "a warning is a readable line");
  }
  check_sampling(request.sampling, limits);
  check_loras(request, limits);
  check_pictures(request, limits);
}

// A value that may as well be left out.
bool means_nothing(const json& value) {
  static const json kNothing = {nullptr, false, -1, "", json::array()};
  return std::find(kNothing.begin(), kNothing.end(), value) != kNothing.end();
}

void check_loras_as_sent(const json& taken, const json& sent) {
  require(taken.size() == sent.size(), "every LoRA is taken");
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const json strength = sent.at(i).value("strength", json());
    require(taken.at(i).at("name") == sent.at(i).at("name") &&
                taken.at(i).at("strength") == (strength.is_null() ? json(1) : strength),
            "a LoRA is taken as it was sent");
  }
}

// Every field that the operation has is taken, with its value but for names, which are made canonical.
void check_as_sent(const JobRequest& request, const json& sent) {
  const json taken = contract::parameters(request);
  if (!request.input_image.empty()) {
    const json none;
    require(sent.value("init_image", none) == request.input_image ||
                sent.value("input_image", none) == request.input_image,
            "a picture is taken as it was sent");
  }
  if (!request.mask_image.empty()) {
    require(sent.at("mask_image") == request.mask_image, "a mask is taken as it was sent");
  }
  for (const request::FieldInfo& field : contract::all_fields()) {
    const std::string name(field.name);
    if (!sent.contains(name) || sent.at(name).is_null() || name.ends_with("_image")) continue;
    const json& value = sent.at(name);
    if (name == "strength" && request.sampling.operation == Operation::image_generation) continue;
    if (!taken.contains(name)) {
      require(means_nothing(value), "a value is taken");
    } else if (name == "loras") {
      check_loras_as_sent(taken.at(name), value);
    } else if (name != "sampler" && name != "schedule" && name != "output_format") {
      require(taken.at(name) == value, "a value is taken as it was sent");
    }
  }
}

void check_sent_again(const JobRequest& request) {
  json body = contract::parameters(request);
  if (!request.input_image.empty()) body["input_image"] = request.input_image;
  if (!request.mask_image.empty()) body["mask_image"] = request.mask_image;
  const auto again = contract::parse_job_request(body.dump(), {});  // throws where a string is not UTF-8
  require(again.ok(), "parameters can be sent again");
  require(contract::parameters(*again) == contract::parameters(request) &&
              again->negative_prompt == request.negative_prompt &&
              again->input_image == request.input_image && again->mask_image == request.mask_image,
          "parameters ask for the same again");
}

Result<JobRequest> check(std::string_view body, const Limits& limits) {
  Result<JobRequest> request = contract::parse_job_request(body, limits);
  if (request) {
    check_accepted(*request, limits);
  } else {
    check_refusal(request.error(), body, limits);
  }
  return request;
}

}  // namespace

void job_request(std::span<const std::byte> bytes) {
  const std::string_view body = as_text(bytes);
  const Result<JobRequest> request = check(body, {});
  const Result<JobRequest> within_low_limits = check(body, low_limits());
  require(request.ok() || !within_low_limits.ok(), "low limits accept nothing more");
  if (!request) return;
  check_as_sent(*request, json::parse(body));
  check_sent_again(*request);
}

}  // namespace sdw::fuzz

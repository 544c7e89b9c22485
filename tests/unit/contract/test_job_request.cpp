#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "contract/job_request.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using request::Operation;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

json generation() {
  return {{"operation", "image_generation"}, {"prompt", "a red circle"}};
}
json transform() {
  return {{"operation", "image_transform"}, {"prompt", "a red circle"}, {"input_image", "aGVsbG8="}};
}
json inpaint() {
  return {{"operation", "image_inpaint"},
          {"prompt", "x"},
          {"init_image", "aGVsbG8="},
          {"mask_image", "bWFzaw=="}};
}

Result<JobRequest> parse(const json& body, const Limits& limits = {}) {
  return parse_job_request(body.dump(), limits);
}

Result<JobRequest> with(json body, const char* name, const json& value) {
  body[name] = value;
  return parse(body);
}

void expect_refused(const Result<JobRequest>& result, std::string_view param,
                    ErrorCode code = ErrorCode::invalid_request) {
  ASSERT_FALSE(result.ok()) << "accepted; expected an error at " << param;
  EXPECT_EQ(result.error().code, code) << to_string(result.error().code) << ": " << result.error().message;
  EXPECT_EQ(result.error().param, param) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
}

TEST(JobRequest, a_prompt_is_all_that_a_generation_needs) {
  const Result<JobRequest> request = parse(generation());
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->sampling.operation, Operation::image_generation);
  EXPECT_EQ(request->prompt, "a red circle");
  EXPECT_FALSE(request->negative_prompt);
  EXPECT_FALSE(request->sampling.steps);
  EXPECT_FALSE(request->sampling.width);
  EXPECT_FALSE(request->seed);
  EXPECT_FALSE(request->timeout_s);
  EXPECT_EQ(request->count, 1);
  EXPECT_EQ(request->preview_every, 0);
  EXPECT_EQ(request->output_format, io::PictureFormat::png);
  EXPECT_EQ(request->priority, 0);
  EXPECT_FALSE(request->cancel_on_disconnect);
  EXPECT_EQ(request->model, "");
}

TEST(JobRequest, every_field_of_the_contract_is_read) {
  json body = inpaint();
  body.update({{"negative_prompt", "blurry"},
               {"model", "tiny"},
               {"precision", "int8"},
               {"hive_id", "h1"},
               {"worker_id", "w1"},
               {"steps", 12},
               {"guidance_scale", 4.5},
               {"seed", 7},
               {"width", 128},
               {"height", 64},
               {"count", 3},
               {"sampler", "euler"},
               {"schedule", "karras"},
               {"strength", 0.25},
               {"loras", {{{"name", "ink"}}, {{"name", "wash"}, {"strength", -2}}}},
               {"clip_skip", 2},
               {"preview_every", 4},
               {"output_format", "webp"},
               {"quality", 55},
               {"priority", -3},
               {"timeout_s", 2.5},
               {"cancel_on_disconnect", true}});
  const Result<JobRequest> request = parse(body);
  ASSERT_TRUE(request.ok()) << request.error().param << ": " << request.error().message;
  EXPECT_EQ(request->negative_prompt, "blurry");
  EXPECT_EQ(request->model, "tiny");
  EXPECT_EQ(request->variant.precision, "int8");
  EXPECT_EQ(request->hive_id, "h1");
  EXPECT_EQ(request->worker_id, "w1");
  EXPECT_EQ(request->sampling.steps, 12);
  EXPECT_EQ(request->sampling.guidance_scale, 4.5);
  EXPECT_EQ(request->seed, 7u);
  EXPECT_EQ(request->sampling.width, 128);
  EXPECT_EQ(request->sampling.height, 64);
  EXPECT_EQ(request->count, 3);
  EXPECT_EQ(request->sampling.sampler, "euler");
  EXPECT_EQ(request->sampling.schedule, "karras");
  EXPECT_EQ(request->sampling.strength, 0.25);
  EXPECT_EQ(request->sampling.clip_skip, 2);
  EXPECT_EQ(request->variant.loras, (std::vector<LoraRequest>{{"ink", 1}, {"wash", -2}}));
  EXPECT_EQ(request->preview_every, 4);
  EXPECT_EQ(request->output_format, io::PictureFormat::webp);
  EXPECT_EQ(request->quality, 55);
  EXPECT_EQ(request->priority, -3);
  EXPECT_EQ(request->timeout_s, 2.5);
  EXPECT_TRUE(request->cancel_on_disconnect);
  EXPECT_EQ(request->input_image, "aGVsbG8=");
  EXPECT_EQ(request->mask_image, "bWFzaw==");
}

TEST(JobRequest, a_field_that_is_ignored_is_named_with_the_one_that_was_meant) {
  const struct {
    const char *sent, *meant;
  } cases[] = {{"cfg_scale", "guidance_scale"},
               {"sampler_name", "sampler"},
               {"scheduler", "schedule"},
               {"num_inference_steps", "steps"},
               {"batch_size", "count"},
               {"guidanceScale", "guidance_scale"},
               {"Steps", "steps"},
               {"stpes", "steps"},
               {"promt", "prompt"},
               {"negativ_prompt", "negative_prompt"},
               {"hieght", "height"}};
  for (const auto& [sent, meant] : cases) {
    const Result<JobRequest> request = with(generation(), sent, 7);
    ASSERT_TRUE(request.ok()) << sent << ": " << request.error().message;
    const std::string expected =
        std::string("\"") + sent + "\" is not a known field and was ignored; did you mean " + meant + "?";
    EXPECT_THAT(request->warnings, ElementsAre(expected)) << sent;
  }
  EXPECT_THAT(with(generation(), "colour", 7)->warnings,
              ElementsAre("\"colour\" is not a known field and was ignored"))
      << "nothing is near";
  EXPECT_THAT(with(generation(), "cfg_scale", nullptr)->warnings, IsEmpty()) << "null is absent";
  EXPECT_THAT(parse(inpaint())->warnings, IsEmpty());
}

TEST(JobRequest, a_field_of_another_operation_is_ignored_and_named) {
  json body = generation();
  body["strength"] = "ignored here";
  body["input_image"] = 5;
  const Result<JobRequest> request = parse(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_FALSE(request->sampling.strength);
  EXPECT_TRUE(request->input_image.empty());
  EXPECT_THAT(request->warnings,
              UnorderedElementsAre("strength is a field of image_transform and image_inpaint, not of "
                                   "image_generation, and was ignored",
                                   "input_image is a field of image_transform and image_inpaint, not of "
                                   "image_generation, and was ignored"));
  EXPECT_THAT(with(transform(), "mask_image", "abcd")->warnings,
              ElementsAre("mask_image is a field of image_inpaint, not of image_transform, and was ignored"));
}

TEST(JobRequest, an_ignored_field_of_a_lora_is_named_with_its_place) {
  const json loras = {{{"name", "ink"}}, {{"name", "wash"}, {"weight", 0.5}}};
  EXPECT_THAT(with(generation(), "loras", loras)->warnings,
              ElementsAre("\"loras[1].weight\" is not a known field and was ignored; did you mean "
                          "loras[1].strength?"));
}

TEST(JobRequest, warnings_are_few_short_and_printable) {
  json body = generation();
  body["\x1b[31m\n"] = 1;
  body[std::string(5000, 'x')] = 1;
  for (int i = 0; i < 5000; ++i) body["unknown" + std::to_string(i)] = i;
  const Result<JobRequest> request = parse(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  ASSERT_EQ(request->warnings.size(), 9u);
  EXPECT_EQ(request->warnings.back(), "4994 more fields were ignored");
  for (const std::string& warning : request->warnings) {
    EXPECT_LT(warning.size(), 200u);
    EXPECT_THAT(warning, Not(ContainsRegex("[[:cntrl:]]")));
  }
}

TEST(JobRequest, the_operation_decides_what_is_required) {
  expect_refused(parse({{"prompt", "x"}}), "operation");
  expect_refused(parse({{"operation", "image_paint"}, {"prompt", "x"}}), "operation");
  expect_refused(parse({{"operation", 3}, {"prompt", "x"}}), "operation");
  expect_refused(parse({{"operation", "image_generation"}}), "prompt");
  json no_input = transform();
  no_input.erase("input_image");
  expect_refused(parse(no_input), "input_image");
  json no_mask = inpaint();
  no_mask.erase("mask_image");
  expect_refused(parse(no_mask), "mask_image");
  json no_init = inpaint();
  no_init.erase("init_image");
  expect_refused(parse(no_init), "init_image");
}

TEST(JobRequest, init_image_is_an_alias_of_input_image) {
  json body = transform();
  body.erase("input_image");
  body["init_image"] = "abcd";
  const Result<JobRequest> request = parse(body);
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->input_image, "abcd");
  body["input_image"] = "efgh";
  expect_refused(parse(body), "init_image");
}

TEST(JobRequest, an_empty_prompt_has_to_be_allowed) {
  expect_refused(with(generation(), "prompt", ""), "prompt");
  json body = generation();
  body["prompt"] = "";
  body["allow_empty_prompt"] = true;
  EXPECT_TRUE(parse(body).ok());
}

TEST(JobRequest, a_prompt_of_blanks_is_empty) {
  for (const char* blanks : {" ", "\t\r\n ", "\u00a0", "\u3000 \u2003"}) {
    expect_refused(with(generation(), "prompt", blanks), "prompt");
  }
  EXPECT_TRUE(with(generation(), "prompt", " x ").ok());
  json body = generation();
  body["prompt"] = " ";
  body["allow_empty_prompt"] = true;
  EXPECT_TRUE(parse(body).ok());
}

TEST(JobRequest, null_means_absent) {
  const json full = {{"allow_empty_prompt", nullptr},
                     {"negative_prompt", nullptr},
                     {"model", nullptr},
                     {"precision", nullptr},
                     {"hive_id", nullptr},
                     {"worker_id", nullptr},
                     {"steps", nullptr},
                     {"guidance_scale", nullptr},
                     {"seed", nullptr},
                     {"width", nullptr},
                     {"height", nullptr},
                     {"count", nullptr},
                     {"sampler", nullptr},
                     {"schedule", nullptr},
                     {"strength", nullptr},
                     {"loras", nullptr},
                     {"clip_skip", nullptr},
                     {"guidance_start", nullptr},
                     {"guidance_end", nullptr},
                     {"cross_attention_end", nullptr},
                     {"token_merging_ratio", nullptr},
                     {"deep_cache_interval", nullptr},
                     {"preview_every", nullptr},
                     {"output_format", nullptr},
                     {"quality", nullptr},
                     {"priority", nullptr},
                     {"timeout_s", nullptr},
                     {"cancel_on_disconnect", nullptr}};
  for (const json& body : {generation(), transform(), inpaint()}) {
    json with_nulls = body;
    with_nulls.update(full);
    const Result<JobRequest> request = parse(with_nulls);
    ASSERT_TRUE(request.ok()) << request.error().param << ": " << request.error().message;
    EXPECT_EQ(parameters(*request), parameters(*parse(body)));
    EXPECT_THAT(request->warnings, IsEmpty());
  }
  const json lora = {{{"name", "ink"}, {"strength", nullptr}}};
  EXPECT_EQ(with(generation(), "loras", lora)->variant.loras, (std::vector<LoraRequest>{{"ink", 1}}));
  json body = transform();
  body["init_image"] = nullptr;
  EXPECT_TRUE(parse(body).ok()) << "an alias that is null is not sent twice";
}

TEST(JobRequest, null_for_a_required_field_is_its_absence) {
  for (const char* field : {"operation", "prompt"}) {
    const Result<JobRequest> request = with(generation(), field, nullptr);
    expect_refused(request, field);
    EXPECT_THAT(request.error().message, HasSubstr("is required"));
  }
  expect_refused(with(transform(), "input_image", nullptr), "input_image");
  expect_refused(with(inpaint(), "mask_image", nullptr), "mask_image");
  expect_refused(with(generation(), "loras", {{{"name", nullptr}}}), "loras[0].name");
}

TEST(JobRequest, a_wrong_type_names_its_field) {
  const json wrong_for_numbers[] = {"20", true, json::array(), json::object()};
  for (const char* field : {"steps", "guidance_scale", "seed", "width", "height", "count", "clip_skip",
                            "preview_every", "quality", "priority", "timeout_s"}) {
    for (const json& value : wrong_for_numbers) expect_refused(with(generation(), field, value), field);
  }
  for (const char* field : {"prompt", "negative_prompt", "model", "precision", "hive_id", "worker_id",
                            "sampler", "schedule", "output_format"}) {
    for (const json& value : {json(3), json(true), json::array(), json::object()}) {
      expect_refused(with(generation(), field, value), field);
    }
  }
  for (const json& value : {json("true"), json(1)}) {
    expect_refused(with(generation(), "cancel_on_disconnect", value), "cancel_on_disconnect");
    expect_refused(with(generation(), "allow_empty_prompt", value), "allow_empty_prompt");
  }
  for (const json& value : {json("ink"), json(1), json::object()}) {
    expect_refused(with(generation(), "loras", value), "loras");
  }
  expect_refused(with(transform(), "input_image", 7), "input_image");
  expect_refused(with(transform(), "strength", "0.5"), "strength");
}

TEST(JobRequest, a_number_out_of_range_names_its_field) {
  const struct {
    const char* field;
    json value;
  } cases[] = {
      {"steps", 0},
      {"steps", -1},
      {"steps", 151},
      {"steps", 1000000000},
      {"steps", 1e300},
      {"steps", 20.5},
      {"width", 1},
      {"width", 7},
      {"width", 100000},
      {"width", 100},
      {"height", 56},
      {"height", 2056},
      {"height", -64},
      {"count", 0},
      {"count", 9},
      {"count", 1000000},
      {"seed", -2},
      {"seed", 1.5},
      {"seed", 1e20},
      {"guidance_scale", -0.1},
      {"guidance_scale", 30.01},
      {"clip_skip", 0},
      {"clip_skip", 13},
      {"preview_every", -1},
      {"quality", 0},
      {"quality", 101},
      {"priority", -11},
      {"priority", 11},
      {"timeout_s", 0},
      {"timeout_s", -1},
      {"timeout_s", 1e12},
  };
  for (const auto& [field, value] : cases) {
    SCOPED_TRACE(std::string(field) + " = " + value.dump());
    expect_refused(with(generation(), field, value), field);
  }
  expect_refused(with(transform(), "strength", 2), "strength");
  expect_refused(with(transform(), "strength", -0.5), "strength");
}

TEST(JobRequest, the_ends_of_each_range_are_accepted) {
  const struct {
    const char* field;
    json value;
  } cases[] = {{"steps", 1},           {"steps", 150},   {"steps", 20.0},   {"width", 64},
               {"width", 2048},        {"count", 1},     {"count", 8},      {"guidance_scale", 0},
               {"guidance_scale", 30}, {"clip_skip", 1}, {"clip_skip", 12}, {"preview_every", 0},
               {"quality", 1},         {"quality", 100}, {"priority", -10}, {"priority", 10},
               {"timeout_s", 0.001}};
  for (const auto& [field, value] : cases) {
    const Result<JobRequest> request = with(generation(), field, value);
    EXPECT_TRUE(request.ok()) << field << " = " << value << ": " << request.error().message;
  }
  EXPECT_TRUE(with(transform(), "strength", 0).ok());
  EXPECT_TRUE(with(transform(), "strength", 1).ok());
}

TEST(JobRequest, a_seed_may_be_any_64_bit_number_and_minus_one_is_none) {
  const auto seed = [](const char* text) {
    return parse_job_request(
        R"({"operation":"image_generation","prompt":"x","seed":)" + std::string(text) + "}", {});
  };
  EXPECT_EQ(seed("18446744073709551615")->seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(seed("9223372036854775808")->seed, 9223372036854775808u);
  EXPECT_EQ(seed("0")->seed, 0u);
  EXPECT_EQ(seed("-0")->seed, 0u);
  EXPECT_EQ(seed("42.0")->seed, 42u);
  EXPECT_EQ(seed("1e3")->seed, 1000u);
  EXPECT_FALSE(seed("-1")->seed);
  EXPECT_FALSE(seed("-1.0")->seed);
  expect_refused(seed("18446744073709551616"), "seed");
  expect_refused(seed("-9223372036854775808"), "seed");
  expect_refused(seed("-2"), "seed");
}

TEST(JobRequest, text_that_is_no_json_is_malformed) {
  const auto refused = [](const std::string& text) {
    expect_refused(parse_job_request(text, {}), "", ErrorCode::malformed_json);
  };
  refused("");
  refused("{");
  refused(R"({"operation":"image_generation","prompt":"x"} trailing)");
  refused(R"({"prompt":NaN})");
  refused(R"({"prompt":Infinity})");
  refused(R"({"steps":1e400})");
  refused(R"({"prompt":"\ud800"})");
  refused(R"({"prompt":"a","prompt":"b"})");
  refused("{\"prompt\":\"\xff\"}");
  refused(std::string(100000, '['));
}

TEST(JobRequest, a_body_that_is_no_object_is_refused) {
  for (const char* text : {"[]", "3", "\"x\"", "null", "true"}) {
    SCOPED_TRACE(text);
    expect_refused(parse_job_request(text, {}), "");
  }
}

TEST(JobRequest, a_nul_character_is_refused) {
  for (const char* field : {"prompt", "negative_prompt", "model", "sampler"}) {
    expect_refused(with(generation(), field, std::string("a\0b", 3)), field);
  }
}

TEST(JobRequest, sizes_of_texts_are_bounded) {
  const Limits limits;
  EXPECT_TRUE(with(generation(), "prompt", std::string(limits.prompt_bytes, 'x')).ok());
  expect_refused(with(generation(), "prompt", std::string(1 << 20, 'x')), "prompt");
  expect_refused(with(generation(), "model", std::string(4096, 'x')), "model");
  Limits small;
  small.picture_bytes = 3000;
  json body = transform();
  body["input_image"] = std::string(4000, 'A');
  EXPECT_TRUE(parse(body, small).ok());
  body["input_image"] = std::string(10000, 'A');
  expect_refused(parse(body, small), "input_image", ErrorCode::input_too_large);
  small.body_bytes = 5000;
  expect_refused(parse(body, small), "", ErrorCode::input_too_large);
}

TEST(JobRequest, an_operators_lower_limits_hold) {
  Limits limits;
  limits.steps = 30;
  limits.count = 2;
  limits.output_pixels = 512 * 512;
  json body = generation();
  body["steps"] = 31;
  expect_refused(parse(body, limits), "steps");
  body["steps"] = 30;
  body["count"] = 3;
  expect_refused(parse(body, limits), "count");
  body["count"] = 2;
  body["width"] = 1024;
  body["height"] = 512;
  expect_refused(parse(body, limits), "width");
  body["width"] = 512;
  EXPECT_TRUE(parse(body, limits).ok());
}

TEST(JobRequest, samplers_answer_to_their_aliases_and_unknown_ones_list_the_names) {
  const Result<JobRequest> request = with(generation(), "sampler", "Euler A");
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->sampling.sampler, "euler_a");
  const Result<JobRequest> unknown = with(generation(), "sampler", "magic");
  expect_refused(unknown, "sampler");
  EXPECT_THAT(unknown.error().message, HasSubstr("euler_a"));
  expect_refused(with(generation(), "schedule", "magic"), "schedule");
  expect_refused(with(generation(), "output_format", "gif"), "output_format");
}

TEST(JobRequest, a_lora_name_is_never_a_path) {
  const auto with_loras = [](std::vector<json> loras) {
    return with(generation(), "loras", json(std::move(loras)));
  };
  for (const char* name : {"../x", "/etc/passwd", "a/b", "..\\x", ".hidden", "", "..", "a\nb"}) {
    SCOPED_TRACE(name);
    expect_refused(with_loras({{{"name", name}}}), "loras[0].name");
  }
  expect_refused(with_loras({{{"name", "ok"}}, {{"name", "ok"}, {"strength", 11}}}), "loras[1].strength");
  expect_refused(with_loras({"ink"}), "loras[0]");
  expect_refused(with_loras({json::object()}), "loras[0].name");
  expect_refused(with_loras(std::vector<json>(17, {{"name", "x"}})), "loras");
}

TEST(JobRequest, parameters_can_be_sent_again) {
  json body = inpaint();
  body.update({{"negative_prompt", "n"},
               {"steps", 9},
               {"seed", 18446744073709551615u},
               {"sampler", "euler"},
               {"precision", "fast"},
               {"loras", {{{"name", "ink"}, {"strength", 0.5}}}},
               {"clip_skip", 2},
               {"count", 2},
               {"timeout_s", 60},
               {"cancel_on_disconnect", true}});
  const Result<JobRequest> first = parse(body);
  ASSERT_TRUE(first.ok()) << first.error().message;
  json again = parameters(*first);
  EXPECT_FALSE(again.contains("init_image"));
  again["init_image"] = first->input_image;
  again["mask_image"] = first->mask_image;
  const Result<JobRequest> second = parse(again);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(parameters(*second), parameters(*first));
  EXPECT_EQ(second->seed, first->seed);
}

TEST(JobRequest, parameters_tell_no_negative_prompt_from_an_empty_one) {
  EXPECT_FALSE(parameters(*parse(generation())).contains("negative_prompt"));
  EXPECT_EQ(parameters(*with(generation(), "negative_prompt", "")).at("negative_prompt"), "");
}

}  // namespace
}  // namespace sdw::contract

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/json.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string problem_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto value = parse_json(text, limits);
  if (value) return "taken";
  EXPECT_EQ(value.error().code, ErrorCode::malformed_json);
  return value.error().message;
}

std::string nested(int depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(Json, ReadsEveryKindOfValue) {
  const auto value =
      parse_json(R"( {"a":[1,-2,2.5,true,null,"é\n\u0000😀",{}],"b":{"c":[]},"":18446744073709551615} )");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ((*value)["a"].size(), 7u);
  EXPECT_EQ((*value)["a"][1], -2);
  EXPECT_EQ((*value)["a"][5].get<std::string>(), std::string("é\n\0😀", 8));
  EXPECT_EQ((*value)["b"]["c"], nlohmann::json::array());
  EXPECT_EQ((*value)[""], 18446744073709551615u);
}

TEST(Json, SaysWhereItIsMalformed) {
  EXPECT_THAT(problem_of(R"({"a":1,})"), HasSubstr("byte 8"));
  for (const char* text : {"",         " ",           "{",         "[1,]",        "{'a':1}",
                           "nul",      "01",          "1.",        "+1",          "{\"a\" 1}",
                           "[1 2]",    "{}x",         "// c\n1",   "\"a\nb\"",    "NaN",
                           "Infinity", "-Infinity",   "\"\\x41\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
                           "\"\xff\"", "\"\xc0\xaf\""}) {
    EXPECT_THAT(problem_of(text), HasSubstr("malformed")) << text;
  }
}

TEST(Json, RefusesAKeyThatAppearsTwiceInOneObject) {
  EXPECT_THAT(problem_of(R"({"seed":1,"x":{},"seed":2})"), HasSubstr(R"("seed" appears twice)"));
  EXPECT_THAT(problem_of(R"([{"a":{"b":1,"b":1}}])"), HasSubstr("twice"));
  EXPECT_THAT(problem_of(R"({"a":1,"\u0061":2})"), HasSubstr("twice"));
  EXPECT_EQ(problem_of(R"({"a":{"a":{"a":1}},"b":{"a":1}})"), "taken");
}

TEST(Json, CapsNestingWithoutUsingTheStack) {
  EXPECT_EQ(problem_of(nested(64)), "taken");
  EXPECT_THAT(problem_of(nested(65)), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(problem_of(std::string(10'000'000, '[')), HasSubstr("nested deeper"));
  EXPECT_EQ(problem_of(nested(3), {.max_depth = 3}), "taken");
  EXPECT_THAT(problem_of(nested(4), {.max_depth = 3}), HasSubstr("deeper than 3"));
}

TEST(Json, CapsSizeAndNumberOfValues) {
  EXPECT_EQ(parse_json("[1,2]", {.max_bytes = 4}).error().code, ErrorCode::input_too_large);
  EXPECT_EQ(problem_of("[1,2]", {.max_values = 3}), "taken");
  EXPECT_THAT(problem_of("[1,2]", {.max_values = 2}), HasSubstr("more than 2 values"));
}

TEST(Json, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_THAT(problem_of("1e400"), HasSubstr("malformed"));
  EXPECT_THAT(problem_of("[-1e999]"), HasSubstr("malformed"));
  EXPECT_EQ(problem_of("-0"), "taken");
  EXPECT_EQ(problem_of("1e308"), "taken");
}

TEST(Json, RefusesAByteOrderMarkAndWhatFollowsANul) {
  EXPECT_THAT(problem_of("\xEF\xBB\xBF{}"), HasSubstr("byte order mark"));
  EXPECT_THAT(problem_of(std::string_view("{}\0{", 4)), HasSubstr("NUL"));
}

TEST(Json, NeverRepeatsTheTextOfABadDocument) {
  EXPECT_THAT(problem_of(R"({"prompt":"somebody's secret" oops})"), Not(HasSubstr("secret")));
}

TEST(Json, ReadsAFileAndNamesItInErrors) {
  const TemporaryFolder folder;
  const auto good = read_json_file(folder.write("config.json", R"({"layers":2})"));
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ((*good)["layers"], 2);

  const auto bad = read_json_file(folder.write("bad.json", "{"));
  EXPECT_EQ(bad.error().code, ErrorCode::model_invalid);
  EXPECT_EQ(bad.error().param, "bad.json");
  EXPECT_THAT(bad.error().message, HasSubstr("\"bad.json\": malformed JSON"));

  EXPECT_EQ(read_json_file(folder / "none.json").error().code, ErrorCode::model_not_found);
  EXPECT_EQ(read_json_file(folder.path()).error().code, ErrorCode::model_invalid);
  EXPECT_EQ(read_json_file(folder / "config.json", {.max_bytes = 5}).error().code, ErrorCode::model_invalid);
}

}  // namespace
}  // namespace sdw::io

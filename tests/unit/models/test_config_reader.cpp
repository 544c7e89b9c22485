#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/config_reader.h"

namespace sdw::models {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string message_of(const ConfigReader& reader) {
  const Status status = reader.status();
  return status ? "" : status.error().message;
}

TEST(ConfigReader, MissingAndNullFieldsTakeTheirDefaults) {
  const json config = {{"a", nullptr}, {"b", 7}};
  ConfigReader reader("unet/config.json", config);
  EXPECT_EQ(reader.integer("a", 3, 0, 10), 3);
  EXPECT_EQ(reader.integer("b", 3, 0, 10), 7);
  EXPECT_EQ(reader.integer("c", 3, 0, 10), 3);
  EXPECT_EQ(reader.string("a", "x"), "x");
  EXPECT_TRUE(reader.boolean("a", true));
  EXPECT_THAT(reader.integer_per_block("b", 1, 3, 0, 10), ElementsAre(7, 7, 7));
  EXPECT_THAT(reader.boolean_per_block("c", true, 2), ElementsAre(true, true));
  EXPECT_EQ(message_of(reader), "");
}

TEST(ConfigReader, AWrongValueIsNamedWithFileFieldAndRange) {
  for (const auto& [value, shown] : {std::pair{json(-1), "-1"},
                                     {json(11), "11"},
                                     {json(18446744073709551615ULL), "18446744073709551615"},
                                     {json(2.5), "2.5"},
                                     {json("3"), "3"},
                                     {json(true), "true"},
                                     {json::array({1}), "[1]"}}) {
    const json config = {{"layers", value}};
    ConfigReader reader("unet/config.json", config);
    EXPECT_EQ(reader.integer("layers", 5, 0, 10), 0);
    EXPECT_THAT(message_of(reader),
                HasSubstr("unet/config.json: layers: expected a whole number from 0 to 10, got"));
    EXPECT_THAT(message_of(reader), HasSubstr(shown));
    ASSERT_FALSE(reader.status().ok());
    EXPECT_EQ(reader.status().error().code, ErrorCode::model_invalid);
    EXPECT_EQ(reader.status().error().param, "unet/config.json: layers");
  }
}

TEST(ConfigReader, TheFirstErrorIsTheOneReported) {
  const json config = {{"a", "x"}, {"b", "y"}};
  ConfigReader reader("f", config);
  reader.integer("a", 0, 0, 1);
  reader.integer("b", 0, 0, 1);
  EXPECT_THAT(message_of(reader), HasSubstr("f: a:"));
}

TEST(ConfigReader, ListsMustHaveOneEntryForEachBlock) {
  const json config = {{"heads", {1, 2}}, {"flags", {true}}, {"empty", json::array()}, {"mixed", {1, "x"}}};
  const auto error_of = [&](auto read) {
    ConfigReader reader("f", config);
    read(reader);
    return message_of(reader);
  };
  EXPECT_THAT(error_of([](auto& r) { r.integer_per_block("heads", 1, 3, 0, 9); }),
              HasSubstr("expected 3 entries, got 2"));
  EXPECT_THAT(error_of([](auto& r) { r.boolean_per_block("flags", false, 2); }),
              HasSubstr("expected 2 entries, got 1"));
  EXPECT_THAT(error_of([](auto& r) { r.integers("empty", {}, 0, 9); }), HasSubstr("expected a list of 1 to"));
  EXPECT_THAT(error_of([](auto& r) { r.integers("mixed", {}, 0, 9); }), HasSubstr("expected a whole number"));
  EXPECT_THAT(error_of([](auto& r) { r.strings("mixed", {}); }), HasSubstr("expected strings, got"));
}

TEST(ConfigReader, AFeatureThatIsNotThereIsRefused) {
  const json config = {{"act_fn", "mish"}, {"off", false}, {"none", nullptr}};
  ConfigReader reader("f", config);
  reader.require("off", false);
  reader.require("none", "x");
  reader.require("missing", "x");
  EXPECT_EQ(message_of(reader), "");
  reader.require("act_fn", "silu");
  EXPECT_THAT(message_of(reader), HasSubstr("act_fn: only \"silu\" is supported, got"));
}

TEST(ConfigReader, AConfigThatIsNoObjectIsRefused) {
  const json config = json::array({1, 2});
  ConfigReader reader("f", config);
  EXPECT_EQ(reader.integer("a", 3, 0, 10), 3);
  EXPECT_THAT(message_of(reader), HasSubstr("expected a JSON object"));
}

}  // namespace
}  // namespace sdw::models

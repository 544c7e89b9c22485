#include <CLI/CLI.hpp>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "cli/field_flags.h"
#include "contract/field_values.h"
#include "contract/openapi.h"
#include "contract/request_fields.h"
#include "request/sampling_fields.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using request::Field;
using request::FieldKind;
using request::Operation;

// A new option, as a developer adds one: a member and a row.
struct Options {
  std::optional<double> sharpness;
};
constexpr Field<Options> kRows[] = {{{.name = "edge_sharpness",
                                      .kind = FieldKind::number,
                                      .high = 2,
                                      .fallback = "1",
                                      .help = "How sharp edges are.",
                                      .operations = request::kWithPicture},
                                     &Options::sharpness}};
constexpr std::span<const Field<Options>> kTable(kRows);

Result<Options> read(json body, Operation operation = Operation::image_transform) {
  FieldReader reader(body);
  Options options;
  read_fields(reader, kTable, operation, Limits(), options);
  if (reader.error()) return *reader.error();
  return options;
}

TEST(AddedField, IsReadFromARequestWithinItsRange) {
  EXPECT_EQ(read({{"edge_sharpness", 1.5}})->sharpness, 1.5);
  EXPECT_EQ(read(json::object())->sharpness, std::nullopt);
  const auto refused = read({{"edge_sharpness", 3}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "edge_sharpness must be from 0 to 2, got 3");
  EXPECT_EQ(refused.error().param, "edge_sharpness");
}

TEST(AddedField, IsIgnoredByOperationsThatDoNotHonourIt) {
  EXPECT_EQ(read({{"edge_sharpness", 1.5}}, Operation::image_generation)->sharpness, std::nullopt);
}

TEST(AddedField, IsReportedBackWhereItIsSet) {
  json parameters = json::object();
  write_fields(parameters, kTable, Options{});
  EXPECT_EQ(parameters, json::object());
  write_fields(parameters, kTable, Options{.sharpness = 0.5});
  EXPECT_EQ(parameters, (json{{"edge_sharpness", 0.5}}));
}

TEST(AddedField, IsAFlagWithItsRangeAndDefaultInTheHelp) {
  CLI::App app;
  Options options;
  cli::add_field_flags(app, kTable, options);
  app.parse("--edge-sharpness 0.25");
  EXPECT_EQ(options.sharpness, 0.25);
  EXPECT_EQ(cli::help_of(kRows[0].info), "0..2. How sharp edges are. Default: 1.");
}

TEST(AddedField, IsDescribedWithItsRange) {
  EXPECT_EQ(field_schema(kRows[0].info), (json{{"type", "number"},
                                               {"minimum", 0.0},
                                               {"maximum", 2.0},
                                               {"description", "How sharp edges are. Absent: 1."}}));
}

TEST(AddedField, IsCheckedOnTheCommandLineAsInARequest) {
  const Status status = request::check_fields(kTable, Options{.sharpness = -1});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().param, "edge_sharpness");
}

TEST(Fields, HaveOneRowEachAndAHelp) {
  std::set<std::string_view> names;
  for (const request::FieldInfo& field : all_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_THAT(std::string(field.help), testing::EndsWith(".")) << field.name;
  }
}

TEST(Fields, AreAllReportedBackWhereTheyAreSet) {
  json body = {{"operation", "image_inpaint"}, {"init_image", "AA=="}, {"mask_image", "AA=="}};
  for (const request::FieldInfo& field : all_fields()) {
    const std::string name(field.name);
    if (body.contains(name) || name == "input_image") continue;
    const json schema = field_schema(field);
    switch (field.kind) {
      case FieldKind::integer:
      case FieldKind::number:
        body[name] = schema.at("maximum");
        break;
      case FieldKind::flag:
        body[name] = true;
        break;
      case FieldKind::seed:
        body[name] = 7;
        break;
      case FieldKind::id:
      case FieldKind::prompt:
        body[name] = "some text";
        break;
      case FieldKind::name:
        body[name] = field.names().front().id;
        break;
      case FieldKind::other:
        if (name == "loras") body[name] = {{{"name", "ink"}, {"strength", 1.0}}};
        if (name == "output_format") body[name] = "webp";
        if (name == "precision") body[name] = "exact";
    }
  }
  const auto request = job_request_from_json(body, Limits());
  ASSERT_TRUE(request) << request.error().message;
  json expected = body;
  expected.erase("init_image");
  expected.erase("mask_image");
  EXPECT_EQ(parameters(*request), expected);
}

TEST(Fields, OfTheDocumentAreThoseThatAnOperationHonours) {
  const json document = json::parse(openapi_document({.version = "1", .precisions = {"exact"}}));
  const json& schemas = document.at("components").at("schemas");
  for (const auto& [schema, operation] : {std::pair("ImageGeneration", Operation::image_generation),
                                          std::pair("ImageTransform", Operation::image_transform),
                                          std::pair("ImageInpaint", Operation::image_inpaint)}) {
    const json& properties = schemas.at(schema).at("properties");
    EXPECT_EQ(properties.contains("strength"), operation != Operation::image_generation) << schema;
    EXPECT_EQ(properties.contains("mask_image"), operation == Operation::image_inpaint) << schema;
    for (const auto& field : request::sampling_fields()) {
      const bool honoured = (field.info.operations & request::only(operation)) != 0;
      EXPECT_EQ(properties.contains(field.info.name), honoured) << schema << ": " << field.info.name;
    }
  }
}

TEST(Fields, TakeTheLimitsOfTheOperator) {
  Limits limits;
  limits.steps = 30;
  const json document = json::parse(openapi_document({.version = "1", .limits = limits, .precisions = {}}));
  EXPECT_EQ(document["components"]["schemas"]["ImageGeneration"]["properties"]["steps"]["maximum"], 30);
}

}  // namespace
}  // namespace sdw::contract

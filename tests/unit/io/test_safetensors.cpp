#include <bit>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/mapped_file.h"
#include "io/safetensors.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string file_of(std::string_view header, std::string_view data = "") {
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return length + std::string(header) + std::string(data);
}

std::string problem_of(std::string_view bytes) {
  const auto file = SafetensorsFile::parse(bytes_of(bytes));
  if (file) return "taken";
  EXPECT_EQ(file.error().code, ErrorCode::model_invalid);
  return file.error().message;
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const std::string bytes = file_of(
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F16","shape":[1,2],"data_offsets":[1,5]},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
      "xabcd");
  const auto file = SafetensorsFile::parse(bytes_of(bytes));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("format"), "pt");
  ASSERT_EQ(file->tensors().size(), 2u);
  const TensorView& w = file->tensors().at("w");
  EXPECT_EQ(w.dtype, Dtype::f16);
  EXPECT_THAT(w.shape, ElementsAre(1, 2));
  EXPECT_EQ(std::memcmp(w.data.data(), "abcd", 4), 0);
  EXPECT_TRUE(file->tensors().at("b").shape.empty());
  EXPECT_EQ(file->mapping(), nullptr);
}

// The rules themselves are held against the reference in tests/parity; these are the messages a person reads.
TEST(Safetensors, NamesTheTensorAndTheNumbersThatMatter) {
  EXPECT_THAT(problem_of(file_of(R"({"unet.w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}})",
                                 std::string(20, 'x'))),
              HasSubstr(R"(tensor "unet.w" has 20 bytes, expected 24 for F32 [2, 3])"));
  EXPECT_THAT(problem_of(file_of(R"({"w":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", "x")),
              HasSubstr(R"(tensor "w" has the element type "F4", which is not supported)"));
  EXPECT_THAT(problem_of(file_of(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "xy")),
              HasSubstr("hole"));
  EXPECT_THAT(
      problem_of(file_of(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
          "xy")),
      HasSubstr("overlap"));
  EXPECT_THAT(problem_of(file_of(R"({"w":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})", "xy")),
              HasSubstr(R"(tensor "w" ends at 9, past the 2 bytes of data)"));
  EXPECT_THAT(problem_of(file_of(R"({"w":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "x")),
              HasSubstr("whole numbers"));
  EXPECT_THAT(problem_of("1234567"), HasSubstr("7 bytes are too few"));
}

TEST(Safetensors, OpensAFileAndKeepsItsBytesAsLongAsTheMapping) {
  const TemporaryFolder folder;
  const auto path = folder.write("m.safetensors",
                                 file_of(R"({"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "abc"));
  std::span<const std::byte> data;
  std::shared_ptr<const MappedFile> mapping;
  {
    const auto file = SafetensorsFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    data = file->tensors().at("w").data;
    mapping = file->mapping();
  }
  ASSERT_NE(mapping, nullptr);
  EXPECT_EQ(std::memcmp(data.data(), "abc", 3), 0);
}

TEST(Safetensors, TellsAMissingFileFromABrokenOne) {
  const TemporaryFolder folder;
  EXPECT_EQ(SafetensorsFile::open(folder / "none.safetensors").error().code, ErrorCode::model_not_found);
  const auto broken = SafetensorsFile::open(folder.write("pickle.safetensors", "\x80\x02}q\x01."));
  EXPECT_EQ(broken.error().code, ErrorCode::model_invalid);
  EXPECT_EQ(broken.error().param, "pickle.safetensors");
  EXPECT_THAT(broken.error().message, HasSubstr("\"pickle.safetensors\": "));
  EXPECT_THAT(broken.error().message, Not(HasSubstr(folder.path().string())));
}

TEST(Safetensors, AHeaderThatClaimsMoreThanItsSparseFileHoldsIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder.write("m.safetensors", file_of("{}"));
  std::filesystem::resize_file(path, std::uintmax_t{1} << 36);
  EXPECT_THAT(SafetensorsFile::open(path).error().message,
              HasSubstr("bytes of data, but the tensors end at 0"));
}

TEST(Safetensors, WhatIsWrittenIsAlignedAndReadBackTheSame) {
  const TemporaryFolder folder;
  const std::map<std::string, TensorView, std::less<>> tensors = {
      {"a.bytes", {Dtype::u8, {3}, bytes_of("xyz")}},
      {"b.wide", {Dtype::f64, {2}, bytes_of("0123456789abcdef")}},
      {"c \"quoted\" é", {Dtype::bf16, {1, 1}, bytes_of("hi")}},
      {"d.empty", {Dtype::f32, {0, 7}, {}}},
  };
  const Status written = write_safetensors(folder / "m.safetensors", tensors, {{"key", "line\nline"}});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(folder.names(), ElementsAre("m.safetensors"));
  const auto file = SafetensorsFile::open(folder / "m.safetensors");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("key"), "line\nline");
  ASSERT_EQ(file->tensors().size(), tensors.size());
  for (const auto& [name, view] : tensors) {
    const TensorView& read = file->tensors().at(name);
    EXPECT_EQ(read.dtype, view.dtype) << name;
    EXPECT_EQ(read.shape, view.shape) << name;
    EXPECT_TRUE(std::ranges::equal(read.data, view.data)) << name;
    EXPECT_EQ(std::bit_cast<std::uintptr_t>(read.data.data()) % size_of(view.dtype), 0u)
        << name << " is not aligned";
  }
}

TEST(Safetensors, WritingTheWrongNumberOfBytesIsAProgrammersError) {
  const TemporaryFolder folder;
  EXPECT_THROW((void)write_safetensors(folder / "m", {{"w", {Dtype::f32, {2}, bytes_of("1234")}}}),
               std::invalid_argument);
  EXPECT_THROW((void)write_safetensors(folder / "m", {{"w", {Dtype::f32, {-1}, {}}}}), std::invalid_argument);
  EXPECT_THROW((void)write_safetensors(folder / "m", {{"__metadata__", {Dtype::u8, {0}, {}}}}),
               std::invalid_argument);
  EXPECT_THAT(folder.names(), ElementsAre());
}

TEST(Dtype, NamesAndSizesAreThoseOfTheFormat) {
  EXPECT_EQ(to_string(Dtype::bf16), "BF16");
  EXPECT_EQ(size_of(Dtype::bf16), 2u);
  for (int i = 0; i <= static_cast<int>(Dtype::u64); ++i) {
    const auto dtype = static_cast<Dtype>(i);
    EXPECT_EQ(dtype_from_name(to_string(dtype)), dtype) << to_string(dtype);
  }
  EXPECT_EQ(dtype_from_name("f32"), std::nullopt);
}

}  // namespace
}  // namespace sdw::io

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/weight_files.h"
#include "unit/io/temporary_folder.h"
#include "unit/models/weight_bytes.h"

namespace sdw::models {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class WeightFiles : public testing::Test {
 protected:
  WeightFiles() { fs::create_directories(folder / "unet"); }
  // A file that holds one tensor called `tensor`.
  void write(const std::string& name, const std::string& tensor) const {
    folder.write("unet/" + name, safetensors_bytes({{tensor, "F16", {2}, 0x3c00}}));
  }
  void write_index(const std::string& json, const std::string& name = "m.safetensors.index.json") const {
    folder.write("unet/" + name, json);
  }
  Result<std::vector<io::SafetensorsFile>> open() const {
    return open_weight_files(folder.path(), "unet", "m");
  }
  std::vector<std::string> tensors() const {
    const auto files = value_or_throw(open());
    std::vector<std::string> names;
    for (const auto& file : files) {
      for (const auto& [name, view] : file.tensors()) names.push_back(name);
    }
    return names;
  }
  std::string problem() const {
    const auto files = open();
    return files ? "" : std::string(to_string(files.error().code)) + ": " + files.error().message;
  }

  TemporaryFolder folder;
};

TEST_F(WeightFiles, OneFile) {
  write("m.safetensors", "plain");
  write("m.fp16.safetensors", "half");
  EXPECT_THAT(tensors(), ElementsAre("plain"));
}

TEST_F(WeightFiles, TheFp16VariantWhereNothingElseIsThere) {
  write("m.fp16.safetensors", "half");
  EXPECT_THAT(tensors(), ElementsAre("half"));
}

TEST_F(WeightFiles, TheShardsOfAnIndexEachOnce) {
  write("m-1.safetensors", "first");
  write("m-2.safetensors", "second");
  write("m-3.safetensors", "not named");
  write_index(R"({"weight_map": {"a": "m-2.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"}})");
  EXPECT_THAT(tensors(), ElementsAre("first", "second"));
}

TEST_F(WeightFiles, TheShardsOfAnFp16Index) {
  write("m-1.safetensors", "first");
  write_index(R"({"weight_map": {"a": "m-1.safetensors"}})", "m.safetensors.index.fp16.json");
  EXPECT_THAT(tensors(), ElementsAre("first"));
}

TEST_F(WeightFiles, AMissingShardIsNamed) {
  write_index(R"({"weight_map": {"a": "m-1.safetensors"}})");
  EXPECT_EQ(problem(), "model_invalid: unet/m.safetensors.index.json: shard \"m-1.safetensors\" is missing");
}

TEST_F(WeightFiles, AnIndexCannotNameFilesElsewhere) {
  folder.write("x.safetensors", safetensors_bytes({{"a", "F16", {2}, 0}}));
  for (const char* name : {"../x.safetensors", "/etc/x.safetensors", "a/../../x.safetensors",
                           "..\\\\x.safetensors", "", "x.bin", "x.safetensors\\u0000", "x.safetensors/"}) {
    write_index(std::string(R"({"weight_map": {"a": ")") + name + "\"}}");
    EXPECT_THAT(problem(), HasSubstr("is not a plain name of a safetensors file")) << name;
  }
}

TEST_F(WeightFiles, AnIndexOfAnotherShapeIsRefused) {
  for (const char* json :
       {"{}", R"({"weight_map": []})", R"({"weight_map": {}})", R"({"weight_map": "x"})"}) {
    write_index(json);
    EXPECT_THAT(problem(), HasSubstr("weight_map is not a filled object")) << json;
  }
  write_index(R"({"weight_map": {"a": 1}})");
  EXPECT_THAT(problem(), HasSubstr("the shard of \"a\" is not a string"));
  write_index("[");
  EXPECT_THAT(problem(), HasSubstr("model_invalid"));
}

TEST_F(WeightFiles, NothingThere) {
  EXPECT_EQ(problem(), "model_not_found: unet/m.safetensors is missing");
}

TEST_F(WeightFiles, PickleFilesAreNamedAndNeverOpened) {
  folder.write("unet/diffusion_pytorch_model.bin", "\x80\x02}q");
  EXPECT_THAT(problem(), HasSubstr("diffusion_pytorch_model.bin is a pickle file, which is never opened"));
}

TEST_F(WeightFiles, APickleUnderAnotherNameIsRefused) {
  folder.write("unet/m.safetensors", "\x80\x02}q\x00.this is a pickle and not a header");
  EXPECT_THAT(problem(), HasSubstr("model_invalid: unet/m.safetensors: "));
  folder.write("unet/m.safetensors", "PK\x03\x04 a zipped pickle, as torch writes them");
  EXPECT_THAT(problem(), HasSubstr("model_invalid: unet/m.safetensors: "));
  fs::rename(folder / "unet/m.safetensors", folder / "unet/m.SafeTensors");
  EXPECT_EQ(problem(), "model_not_found: unet/m.safetensors is missing");
}

TEST_F(WeightFiles, ALinkOutOfTheFolderIsRefused) {
  TemporaryFolder elsewhere;
  elsewhere.write("x.safetensors", safetensors_bytes({{"a", "F16", {2}, 0}}));
  fs::create_symlink(elsewhere / "x.safetensors", folder / "unet/m.safetensors");
  EXPECT_THAT(problem(), HasSubstr("is a link that leads out of the model folder"));
  fs::remove(folder / "unet/m.safetensors");
  fs::create_symlink("nowhere", folder / "unet/m.safetensors");
  EXPECT_THAT(problem(), HasSubstr("\"unet/m.safetensors\" is missing"));
}

}  // namespace
}  // namespace sdw::models

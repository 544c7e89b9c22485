#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "models/model_file.h"
#include "unit/io/temporary_folder.h"

namespace sdw::models {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ModelFile : public testing::Test {
 protected:
  ModelFile() {
    fs::create_directories(folder / "model/unet");
    folder.write("model/unet/config.json", "{\"a\": 1}");
    folder.write("secret.json", "{}");
  }
  // What is wrong with `relative`, or "".
  std::string problem(const fs::path& relative, const fs::path& root = "model") const {
    const auto path = model_file(folder / root.native(), relative);
    return path ? "" : std::string(to_string(path.error().code)) + ": " + path.error().message;
  }

  TemporaryFolder folder;
};

TEST_F(ModelFile, AFileOfTheFolderIsFound) {
  EXPECT_EQ(problem("unet/config.json"), "");
  const auto json = read_model_json(folder / "model", "unet/config.json");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["a"], 1);
}

TEST_F(ModelFile, AMissingFileIsNamed) {
  EXPECT_EQ(problem("unet/other.json"), "model_not_found: \"unet/other.json\" is missing");
  EXPECT_EQ(problem("unet/config.json/x"), "model_not_found: \"unet/config.json/x\" is missing");
  EXPECT_THAT(problem("unet/config.json", "no-such-model"), HasSubstr("no such model folder"));
}

TEST_F(ModelFile, ALinkOutOfTheFolderIsRefused) {
  fs::create_symlink("../../secret.json", folder / "model/unet/link.json");
  fs::create_symlink(folder / "secret.json", folder / "model/unet/absolute.json");
  fs::create_symlink("..", folder / "model/outside");
  fs::create_symlink("link-to-itself", folder / "model/link-to-itself");
  EXPECT_THAT(problem("unet/link.json"), HasSubstr("is a link that leads out of the model folder"));
  EXPECT_THAT(problem("unet/absolute.json"), HasSubstr("leads out of the model folder"));
  EXPECT_THAT(problem("outside/secret.json"), HasSubstr("leads out of the model folder"));
  EXPECT_THAT(problem("../secret.json"), HasSubstr("leads out of the model folder"));
  EXPECT_THAT(problem("link-to-itself"), HasSubstr("cannot be read"));
  EXPECT_THAT(problem("outside/secret.json"), testing::Not(HasSubstr(folder.path().native())));
}

TEST_F(ModelFile, AFolderWhoseNameBeginsAlikeIsOutside) {
  fs::create_directory(folder / "model-2");
  folder.write("model-2/config.json", "{}");
  fs::create_symlink("../model-2/config.json", folder / "model/other.json");
  EXPECT_THAT(problem("other.json"), HasSubstr("leads out of the model folder"));
}

TEST_F(ModelFile, LinksInsideTheFolderAndALinkToTheFolderItselfAreFine) {
  fs::create_symlink("unet/config.json", folder / "model/link.json");
  fs::create_symlink("model", folder / "other-name");
  EXPECT_EQ(problem("link.json"), "");
  EXPECT_EQ(problem("unet/config.json", "other-name"), "");
}

TEST_F(ModelFile, BlobsOfTheSameHuggingFaceCacheAreFine) {
  fs::create_directories(folder / "models--a--b/snapshots/c0ffee");
  fs::create_directories(folder / "models--a--b/blobs");
  fs::create_directories(folder / "models--x--y/blobs");
  folder.write("models--a--b/blobs/1234", "{}");
  folder.write("models--x--y/blobs/1234", "{}");
  fs::create_symlink("../../blobs/1234", folder / "models--a--b/snapshots/c0ffee/config.json");
  fs::create_symlink("../../../models--x--y/blobs/1234", folder / "models--a--b/snapshots/c0ffee/other.json");
  EXPECT_EQ(problem("config.json", "models--a--b/snapshots/c0ffee"), "");
  EXPECT_THAT(problem("other.json", "models--a--b/snapshots/c0ffee"),
              HasSubstr("leads out of the model folder"));
}

TEST_F(ModelFile, APipeOrAFolderIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((folder / "model/pipe.json").c_str(), 0600), 0);
  EXPECT_THAT(problem("pipe.json"), HasSubstr("is not a regular file"));
  EXPECT_THAT(problem("unet"), HasSubstr("is not a regular file"));
}

TEST_F(ModelFile, JsonThatIsNoObjectIsRefused) {
  folder.write("model/list.json", "[1]");
  folder.write("model/broken.json", "{\"a\": }");
  const auto list = read_model_json(folder / "model", "list.json");
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code, ErrorCode::model_invalid);
  EXPECT_THAT(list.error().message, HasSubstr("\"list.json\" is not a JSON object"));
  const auto broken = read_model_json(folder / "model", "broken.json");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, ErrorCode::model_invalid);
  EXPECT_EQ(broken.error().param, "broken.json");
}

}  // namespace
}  // namespace sdw::models

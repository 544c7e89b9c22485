#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "io/regular_file.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RegularFile, ReadsWholeFilesAndEmptyOnes) {
  const TemporaryFolder folder;
  const auto read = read_file(folder.write("a", std::string("x\0y", 3)), 100);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 3u);
  const auto empty = read_file(folder.write("empty", ""), 100);
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_TRUE(empty->empty());
}

TEST(RegularFile, SaysWhichFileIsMissingButNotWhereItLooked) {
  const TemporaryFolder folder;
  const auto file = read_file(folder / "missing.json", 100);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::not_found);
  EXPECT_THAT(file.error().message, HasSubstr("missing.json"));
  EXPECT_THAT(file.error().message, Not(HasSubstr(folder.path().string())));
}

TEST(RegularFile, APathThroughAFileIsMissingToo) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  EXPECT_EQ(read_file(folder / "file/inside", 100).error().code, ErrorCode::not_found);
}

TEST(RegularFile, DoesNotWaitForAPipeThatNobodyWritesTo) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(open_regular_file(folder / "pipe").error().code, ErrorCode::io_error);
}

TEST(RegularFile, RefusesFoldersAndDevices) {
  const TemporaryFolder folder;
  EXPECT_EQ(open_regular_file(folder.path()).error().code, ErrorCode::io_error);
  EXPECT_EQ(open_regular_file("/dev/zero").error().code, ErrorCode::io_error);
}

TEST(RegularFile, FollowsSymlinks) {
  const TemporaryFolder folder;
  folder.write("blob", "x");
  std::filesystem::create_symlink("blob", folder / "link");
  EXPECT_TRUE(open_regular_file(folder / "link"));
}

TEST(RegularFile, RefusesANameWithANulCharacter) {
  const TemporaryFolder folder;
  folder.write("a", "x");
  const std::string name = (folder / "a").string() + std::string("\0.png", 5);
  EXPECT_EQ(open_regular_file(name).error().code, ErrorCode::not_found);
}

TEST(RegularFile, ReadsNothingOfAFileBeyondTheLimit) {
  const TemporaryFolder folder;
  const auto path = folder.write("big", "12345");
  EXPECT_TRUE(read_file(path, 5));
  const auto file = read_file(path, 4);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::input_too_large);
  EXPECT_THAT(file.error().message, HasSubstr("5 bytes; at most 4"));
}

TEST(RegularFile, AHugeSparseFileCostsNothing) {
  const TemporaryFolder folder;
  const auto path = folder.write("sparse", "");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
  EXPECT_EQ(read_file(path, 1 << 20).error().code, ErrorCode::input_too_large);
}

}  // namespace
}  // namespace sdw::io

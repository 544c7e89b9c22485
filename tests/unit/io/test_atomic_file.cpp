#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "io/atomic_file.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

mode_t permissions_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST(AtomicFile, WritesAFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const Status written = write_file_atomically(folder / "a.png", bytes_of("picture"));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(content_of(folder / "a.png"), "picture");
  EXPECT_THAT(folder.names(), ElementsAre("a.png"));
}

TEST(AtomicFile, TheOldFileStaysUntilTheNewOneIsWhole) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "old");
  Result<AtomicFile> file = AtomicFile::create(path);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->write(bytes_of("ne")));
  EXPECT_EQ(content_of(path), "old");
  ASSERT_TRUE(file->write(bytes_of("w")));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(content_of(path), "new");
}

TEST(AtomicFile, AFileThatIsNotFinishedLeavesNothing) {
  const TemporaryFolder folder;
  {
    Result<AtomicFile> file = AtomicFile::create(folder / "a");
    ASSERT_TRUE(file && file->write(bytes_of("half")));
  }
  EXPECT_THAT(folder.names(), ElementsAre());
}

// The limit on a file's size stands in for a full disk: the write fails midway.
TEST(AtomicFile, AWriteThatFailsMidwayKeepsTheOldFileAndRemovesTheTemporary) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status written = write_file_atomically(path, bytes_of(std::string(5000, 'x')));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::io_error);
  EXPECT_EQ(content_of(path), "old");
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(AtomicFile, SaysThatTheFolderIsMissingWithoutNamingIt) {
  const TemporaryFolder folder;
  const Status written = write_file_atomically(folder / "missing/a.png", bytes_of("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::io_error);
  EXPECT_THAT(written.error().message, HasSubstr("\"a.png\": no such folder"));
  EXPECT_THAT(written.error().message, Not(HasSubstr(folder.path().string())));
}

TEST(AtomicFile, DoesNotReplaceFoldersPipesOrDevices) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(write_file_atomically(folder / "pipe", bytes_of("x")));
  EXPECT_FALSE(write_file_atomically(folder.path(), bytes_of("x")));
  EXPECT_FALSE(write_file_atomically("/dev/null", bytes_of("x")));
  EXPECT_FALSE(write_file_atomically(folder.path() / "", bytes_of("x")));
  EXPECT_THAT(folder.names(), ElementsAre("pipe"));
}

TEST(AtomicFile, WritesThroughASymlink) {
  const TemporaryFolder folder;
  folder.write("real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  ASSERT_TRUE(write_file_atomically(folder / "link", bytes_of("new")));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(content_of(folder / "real"), "new");
}

TEST(AtomicFile, KeepsTheOldFilesPermissionsAndGivesANewOneTheUsual) {
  const TemporaryFolder folder;
  const auto path = folder.write("old", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(write_file_atomically(path, bytes_of("y")));
  EXPECT_EQ(permissions_of(path), 0640u);
  const mode_t mask = ::umask(022);
  ASSERT_TRUE(write_file_atomically(folder / "new", bytes_of("y")));
  ::umask(mask);
  EXPECT_EQ(permissions_of(folder / "new"), 0644u);
}

TEST(AtomicFile, TakesTheLongestNameTheSystemAllows) {
  const TemporaryFolder folder;
  const std::string name(255, 'n');
  ASSERT_TRUE(write_file_atomically(folder / name, bytes_of("x")));
  EXPECT_THAT(folder.names(), ElementsAre(name));
}

TEST(AtomicFile, WritesARelativeNameIntoTheCurrentFolder) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Status written = write_file_atomically("a.png", bytes_of("x"));
  std::filesystem::current_path(before);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(folder.names(), ElementsAre("a.png"));
}

}  // namespace
}  // namespace sdw::io

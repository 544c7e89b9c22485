#include <gtest/gtest.h>

#include "io/mapped_file.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, HoldsTheFilesBytesAfterItsNameIsGone) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "content");
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  std::filesystem::remove(path);
  (*file)->prefetch();
  EXPECT_EQ(text_of(**file), "content");
}

TEST(MappedFile, KeepsTheOldContentWhereANewFileIsRenamedOverIt) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "old content");
  const auto file = MappedFile::open(path);
  std::filesystem::rename(folder.write("b", "new"), path);
  EXPECT_EQ(text_of(**file), "old content");
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const TemporaryFolder folder;
  const auto file = MappedFile::open(folder.write("a", ""));
  ASSERT_TRUE(file) << file.error().message;
  (*file)->prefetch();
  EXPECT_TRUE((*file)->bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNotARegularFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(MappedFile::open(folder / "missing").error().code, ErrorCode::not_found);
  EXPECT_EQ(MappedFile::open(folder.path()).error().code, ErrorCode::io_error);
}

}  // namespace
}  // namespace sdw::io

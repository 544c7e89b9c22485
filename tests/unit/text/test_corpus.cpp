#include <gtest/gtest.h>

#include "fuzz/target.h"
#include "unit/io/temporary_folder.h"

namespace {

int run_corpus(const char* name, void (*target)(std::span<const std::byte>)) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(SDW_FUZZ_CORPUS) / name)) {
    EXPECT_NO_THROW(target(bytes_of(content_of(entry.path())))) << entry.path().filename();
    ++count;
  }
  return count;
}

TEST(Corpus, EveryHostilePromptIsTokenized) {
  EXPECT_GT(run_corpus("tokenizer", sdw::fuzz::tokenizer), 10);
}

TEST(Corpus, EveryHostileTokenizerFileIsSurvived) {
  EXPECT_GT(run_corpus("tokenizer_files", sdw::fuzz::tokenizer_files), 10);
}

}  // namespace

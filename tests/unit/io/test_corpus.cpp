#include <gtest/gtest.h>

#include "fuzz/target.h"
#include "unit/io/temporary_folder.h"

namespace {

struct Target {
  const char* name;
  void (*run)(std::span<const std::byte>);
};

class Corpus : public testing::TestWithParam<Target> {};
INSTANTIATE_TEST_SUITE_P(Io, Corpus,
                         testing::Values(Target{"safetensors", sdw::fuzz::safetensors},
                                         Target{"picture", sdw::fuzz::picture},
                                         Target{"json", sdw::fuzz::json},
                                         Target{"base64", sdw::fuzz::base64}),
                         [](const auto& target) { return std::string(target.param.name); });

TEST_P(Corpus, EveryInputThatWasEverHostileIsSurvived) {
  const std::filesystem::path folder = std::filesystem::path(SDW_FUZZ_CORPUS) / GetParam().name;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_NO_THROW(GetParam().run(bytes_of(content_of(entry.path())))) << entry.path().filename();
    ++count;
  }
  EXPECT_GT(count, 10) << "the corpus is missing";
}

}  // namespace

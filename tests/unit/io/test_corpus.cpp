#include <gtest/gtest.h>

#include "unit/run_corpus.h"

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
  run_corpus(GetParam().name, GetParam().run);
}

}  // namespace

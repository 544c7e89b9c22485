#include <gtest/gtest.h>

#include "unit/run_corpus.h"

namespace {

TEST(Corpus, EveryHostilePromptIsTokenized) {
  run_corpus("tokenizer", sdw::fuzz::tokenizer);
}

TEST(Corpus, EveryHostileTokenizerFileIsSurvived) {
  run_corpus("tokenizer_files", sdw::fuzz::tokenizer_files);
}

}  // namespace

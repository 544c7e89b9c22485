#include <gtest/gtest.h>

#include "unit/run_corpus.h"

namespace {

TEST(Corpus, NoKnownRequestBreaksThePromisesOfTheParser) {
  run_corpus("http_request", sdw::fuzz::http_request);
}

}  // namespace

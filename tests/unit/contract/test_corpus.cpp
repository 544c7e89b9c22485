#include <gtest/gtest.h>

#include "unit/run_corpus.h"

namespace {

TEST(Corpus, NoKnownBodyBreaksThePromisesOfTheContract) {
  run_corpus("job_request", sdw::fuzz::job_request);
}

}  // namespace

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "fuzz/target.h"

namespace {

TEST(Corpus, NoKnownBodyBreaksThePromisesOfTheContract) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SDW_FUZZ_CORPUS "/job_request")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_NO_THROW(sdw::fuzz::job_request(std::as_bytes(std::span(bytes)))) << entry.path().filename();
    ++count;
  }
  EXPECT_GT(count, 10) << "the corpus is missing";
}

}  // namespace

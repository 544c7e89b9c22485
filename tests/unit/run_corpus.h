#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

#include "fuzz/target.h"

// Gives every input of the fuzz target `name` that was ever hostile to `target`.
inline void run_corpus(const char* name, void (*target)(std::span<const std::byte>)) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(SDW_FUZZ_CORPUS) / name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_NO_THROW(target(std::as_bytes(std::span(bytes)))) << entry.path().filename();
    ++count;
  }
  EXPECT_GT(count, 10) << "the corpus is missing";
}

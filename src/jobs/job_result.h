#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/picture.h"

namespace sdw::jobs {

struct ResultPicture {
  std::vector<std::byte> bytes;  // a whole file of `format`
  std::uint64_t seed = 0;
  std::string etag;  // without the quotes; names these bytes
};

struct JobResult {
  io::PictureFormat format = io::PictureFormat::png;
  int width = 0;
  int height = 0;
  std::vector<ResultPicture> pictures;
  std::shared_ptr<const std::string> document;  // the data of the complete event
};

// What the result takes in memory.
std::size_t byte_size(const JobResult& result);

}  // namespace sdw::jobs

#include "jobs/job_result.h"

namespace sdw::jobs {

std::size_t byte_size(const JobResult& result) {
  std::size_t bytes = result.document ? result.document->size() : 0;
  for (const ResultPicture& picture : result.pictures) bytes += picture.bytes.size();
  return bytes;
}

}  // namespace sdw::jobs

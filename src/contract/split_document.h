#pragma once

#include <string>

#include "contract/job_document.h"

namespace sdw::contract {

// job_document() in two parts, between which `*status.result` belongs if there is one: a result may be large,
// and is shared.
struct SplitDocument {
  std::string before;
  std::string after;
};
SplitDocument split_document(const JobStatus& status);

}  // namespace sdw::contract

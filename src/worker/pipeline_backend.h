#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/backend.h"
#include "jobs/observer.h"
#include "ops/precision.h"

namespace sdw::worker {

// What the real models are run with.
struct PipelineOptions {
  std::vector<std::string> precisions;               // those that requests may ask for, the default first
  std::map<std::string, ops::Placement> placements;  // by ModelVariant::precision
  std::int64_t memory_limit_bytes = 0;
  std::filesystem::path lora_dir;  // "<name>.safetensors" of each LoRA; empty: there are none
  std::size_t text_cache_entries = 64;
  std::size_t picture_cache_entries = 8;
};

// The backend of src/pipeline: diffusers folders on one device. Exact caches keep text embeddings and the
// VAE's encoding of input pictures. `observer` outlives it.
std::unique_ptr<jobs::Backend> make_pipeline_backend(const PipelineOptions& options,
                                                     jobs::Observer& observer);

}  // namespace sdw::worker

#pragma once

#include <ATen/core/Tensor.h>
#include <cstddef>
#include <string>
#include <utility>

#include "jobs/backend.h"
#include "jobs/lru_cache.h"
#include "jobs/observer.h"
#include "pipeline/latent_preview.h"
#include "pipeline/model_components.h"
#include "pipeline/text_embeddings.h"

namespace sdw::jobs {

struct CacheSizes {
  std::size_t prompts = 0;
  std::size_t pictures = 0;
};

// A model of src/pipeline. Its encoded prompts and pictures are kept with it, exactly as they were computed.
class PipelineModel : public LoadedModel {
 public:
  // `observer` outlives it.
  PipelineModel(pipeline::ModelComponents components, pipeline::LatentPreview preview,
                ModelDescription description, const CacheSizes& caches, Observer& observer);

  const ModelDescription& description() const override { return description_; }
  Status check(const contract::JobRequest& request, const InputPictures& pictures) const override;
  Result<std::unique_ptr<Generation>> begin(const PictureSpec& spec, const StopCheck& stop) override;
  bool can_share(const Generation& a, const Generation& b) const override;
  void step(std::span<Generation* const> generations) override;
  Result<io::Picture> preview(const Generation& generation) override;
  Result<io::Picture> finish(Generation& generation, const StopCheck& stop) override;

 private:
  Result<pipeline::EncodedPrompt> encode_prompt(std::string_view prompt, int clip_skip,
                                                const StopCheck& stop);
  Result<at::Tensor> encode_moments(const at::Tensor& pixels, const StopCheck& stop);

  const pipeline::ModelComponents components_;
  const pipeline::LatentPreview preview_;
  const ModelDescription description_;
  Observer& observer_;
  LruCache<std::pair<std::string, int>, pipeline::EncodedPrompt> prompts_;  // by text and clip skip
  LruCache<std::string, at::Tensor> moments_;  // by size and digest of the pixels
};

}  // namespace sdw::jobs

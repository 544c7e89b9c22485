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

namespace sdw::worker {

struct CacheSizes {
  std::size_t prompts = 0;
  std::size_t pictures = 0;
};

// A model of src/pipeline. Its encoded prompts and pictures are kept with it, exactly as they were computed.
class PipelineModel : public jobs::LoadedModel {
 public:
  // `observer` outlives it.
  PipelineModel(pipeline::ModelComponents components, pipeline::LatentPreview preview,
                jobs::ModelDescription description, const CacheSizes& caches, jobs::Observer& observer);

  const jobs::ModelDescription& description() const override { return description_; }
  Status check(const contract::JobRequest& request, const jobs::InputPictures& pictures) const override;
  Result<std::unique_ptr<jobs::Generation>> begin(const jobs::PictureSpec& spec,
                                                  const StopCheck& stop) override;
  bool can_share(const jobs::Generation& a, const jobs::Generation& b) const override;
  void step(std::span<jobs::Generation* const> generations) override;
  Result<io::Picture> preview(const jobs::Generation& generation) override;
  Result<io::Picture> finish(jobs::Generation& generation, const StopCheck& stop) override;

 private:
  Result<pipeline::EncodedPrompt> encode_prompt(std::string_view prompt, int clip_skip,
                                                const StopCheck& stop);
  Result<at::Tensor> encode_moments(const at::Tensor& pixels, const StopCheck& stop);

  const pipeline::ModelComponents components_;
  const pipeline::LatentPreview preview_;
  const jobs::ModelDescription description_;
  jobs::Observer& observer_;
  jobs::LruCache<std::pair<std::string, int>, pipeline::EncodedPrompt> prompts_;  // by text and clip skip
  jobs::LruCache<std::string, at::Tensor> moments_;  // by size and digest of the pixels
};

}  // namespace sdw::worker

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "jobs/backend.h"
#include "pipeline/generation.h"

namespace sdw::worker {

// A pipeline::Generation as the engine sees it.
class PipelineGeneration : public jobs::Generation {
 public:
  PipelineGeneration(pipeline::Generation generation, nlohmann::json settings,
                     std::vector<std::string> warnings);

  int width() const override { return inner_.sampling.width; }
  int height() const override { return inner_.sampling.height; }
  bool guided() const override { return inner_.guided; }
  int steps() const override { return inner_.sampler->steps(); }
  int steps_done() const override { return inner_.sampler->steps_done(); }
  int evaluations() const override { return static_cast<int>(inner_.sampler->evaluation()); }
  bool done() const override { return inner_.sampler->done(); }
  const std::optional<Error>& failure() const override { return failure_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  const nlohmann::json& settings() const override { return settings_; }

  // Sets failure() where the latents are not finite any more.
  void check_latents();
  pipeline::Generation& inner() { return inner_; }
  const pipeline::Generation& inner() const { return inner_; }

 private:
  pipeline::Generation inner_;
  const nlohmann::json settings_;
  const std::vector<std::string> warnings_;
  std::optional<Error> failure_;
};

}  // namespace sdw::worker

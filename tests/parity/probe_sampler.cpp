// Runs samplers over a cheap stand-in for a model. One request a line on standard input, as JSON; for each,
// one line of JSON and then the latents after each evaluation, raw float32.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tanh.h>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "schedulers/registry.h"

namespace {

using nlohmann::json;
using namespace sdw::schedulers;

// Smooth in both of its arguments, so that the last bit of a timestep is not what decides.
at::Tensor stand_in(const Evaluation& evaluation) {
  return 0.5 * at::tanh(evaluation.sample) + 0.1 * std::cos(evaluation.timestep / 500) * evaluation.sample;
}

void append(std::vector<float>& out, const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  const auto* data = flat.const_data_ptr<float>();
  out.insert(out.end(), data, data + flat.numel());
}

json run(const json& request, std::vector<float>& latents) {
  SchedulerSettings settings{request.at("config").at("_class_name"), request.at("config")};
  if (request.contains("pipeline")) {
    settings = corrected_for_stable_diffusion(settings, request.at("pipeline") == "inpaint");
  }
  SamplerOptions options{request.at("sampler"), request.at("schedule"), request.at("steps"),
                         request.at("strength")};
  auto made = make_sampler(settings, options);
  if (!made) return {{"error", made.error().message}, {"param", made.error().param}};
  Sampler& sampler = **made;

  auto generator = at::detail::createCPUGenerator(request.at("seed").get<std::uint64_t>());
  const std::vector<std::int64_t> shape = request.at("shape");
  const bool repaints = request.value("repaints", false);
  const at::Tensor noise = at::randn(shape, generator, at::TensorOptions(at::kFloat));
  const at::Tensor original = at::randn(shape, generator, at::TensorOptions(at::kFloat));
  sampler.start(options.strength < 1 ? sampler.add_noise(original, noise, 0)
                                     : noise * sampler.init_noise_sigma());
  json steps_done = json::array();
  append(latents, sampler.latents());
  while (!sampler.done()) {
    sampler.advance(stand_in(sampler.next()), generator);
    if (repaints && !sampler.done()) {
      const at::Tensor kept = sampler.add_noise(original, noise, sampler.evaluation());
      sampler.set_latents(0.5 * kept + 0.5 * sampler.latents());
    }
    append(latents, sampler.latents());
    steps_done.push_back(sampler.steps_done());
  }
  return {{"timesteps", sampler.timesteps()},
          {"steps", sampler.steps()},
          {"steps_done", steps_done},
          {"floats", latents.size()}};
}

}  // namespace

int main() {
  const c10::InferenceMode no_autograd;
  at::set_num_threads(1);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<float> latents;
    const json answer = run(json::parse(line), latents);
    std::cout << answer.dump() << '\n';
    std::cout.write(reinterpret_cast<const char*>(latents.data()),
                    static_cast<std::streamsize>(latents.size() * sizeof(float)));
    std::cout.flush();
  }
}

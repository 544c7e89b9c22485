// Runs one component of a model folder on tensors from a file:
//   probe_models clip_text|unet|vae_encode|vae_decode|check ROOT FOLDER INPUT OUTPUT [f32|f16|bf16]
// `check` looks at a folder called unet, vae or text_encoder and prints every problem. An error of the model
// goes to standard error as "code: message", with exit status 3.

#include <cstdio>
#include <fmt/format.h>
#include <numeric>
#include <string_view>

#include "models/components.h"
#include "models/model_file.h"
#include "models/weight_files.h"
#include "ops/take_rows.h"
#include "parity/tensor_file.h"

namespace {

namespace fs = std::filesystem;
using namespace sdw;
using probe::Tensors;

struct Job {
  std::string what;
  fs::path root, folder;
  Tensors inputs;
  ops::Placement where;
};

// A component's configuration and weights, checked.
template <class Config>
Result<models::CheckedComponent<Config>> look(
    const Job& job,
    Result<models::CheckedComponent<Config>> (*check)(const nlohmann::json&, models::WeightMap)) {
  const auto config = value_or_throw(models::read_model_json(job.root, job.folder / "config.json"));
  return check(
      config, value_or_throw(models::WeightMap::open(job.root, job.folder, models::weight_stem(job.folder))));
}

at::Tensor optional(const Tensors& tensors, std::string_view name) {
  const auto found = tensors.find(name);
  return found == tensors.end() ? at::Tensor() : found->second;
}

Tensors run_clip_text(const Job& job) {
  auto checked = value_or_throw(look(job, models::check_clip_text));
  const auto encoder = value_or_throw(models::load_component(checked, job.where));
  const models::ClipTextOutput output = models::clip_text_forward(encoder, job.inputs.at("ids"));
  Tensors out{{"last_hidden_state", output.last_hidden_state}, {"pooled", output.pooled}};
  if (output.text_embeds.defined()) out["text_embeds"] = output.text_embeds;
  for (std::size_t i = 0; i < output.hidden_states.size(); ++i) {
    out[fmt::format("hidden_states.{}", i)] = output.hidden_states[i];
  }
  return out;
}

// The batch in one call with a context of the whole, again with contexts of single items joined, and with all
// of them over the first picture alone: once as pictures of their own, once as passes over one.
Tensors run_unet(const Job& job) {
  auto checked = value_or_throw(look(job, models::check_unet));
  const auto unet = value_or_throw(models::load_component(checked, job.where));
  const auto row = [](const at::Tensor& tensor, std::int64_t i) {
    return tensor.defined() ? tensor.narrow(0, i, 1) : tensor;
  };
  const at::Tensor states = job.inputs.at("encoder_hidden_states");
  const models::AddedConditions added{optional(job.inputs, "text_embeds"), optional(job.inputs, "time_ids"),
                                      optional(job.inputs, "timestep_cond")};
  std::vector<models::UNetContext> rows;
  for (std::int64_t i = 0; i < states.size(0); ++i) {
    rows.push_back(models::unet_context(
        unet, row(states, i),
        {row(added.text_embeds, i), row(added.time_ids, i), row(added.timestep_cond, i)}));
  }
  std::vector<const models::UNetContext*> pointers;
  for (const models::UNetContext& context : rows) pointers.push_back(&context);
  const models::UNetContext context = models::unet_context(unet, states, added);
  const at::Tensor sample = job.inputs.at("sample"), timesteps = job.inputs.at("timesteps");
  const auto passes = static_cast<std::size_t>(states.size(0));
  std::vector<std::int64_t> own(passes);
  std::iota(own.begin(), own.end(), 0);
  const std::vector<std::int64_t> first(passes, 0);
  return {{"sample", models::unet_forward(unet, {sample, timesteps, own}, context)},
          {"sample_joined", models::unet_forward(unet, {sample, timesteps, own}, models::concat(pointers))},
          {"first_repeated",
           models::unet_forward(unet, {ops::take_rows(sample, first), ops::take_rows(timesteps, first), own},
                                context)},
          {"first_shared", models::unet_forward(unet, {row(sample, 0), row(timesteps, 0), first}, context)}};
}

Tensors run_vae(const Job& job) {
  auto checked = value_or_throw(look(job, models::check_vae));
  const auto vae = value_or_throw(models::load_component(checked, job.where));
  if (job.what == "vae_encode")
    return {{"moments", models::vae_encode_moments(vae, job.inputs.at("sample"))}};
  return {{"sample", models::vae_decode(vae, job.inputs.at("sample"))}};
}

template <class Config>
void print_problems(Result<models::CheckedComponent<Config>> component) {
  const auto checked = value_or_throw(std::move(component));
  for (const Error& error : checked.weights.problems()) fmt::print("{}\n", error.message);
  for (const std::string& name : checked.weights.unused()) fmt::print("unused {}\n", name);
}

void check(const Job& job) {
  const std::string folder = job.folder.native();
  if (folder.starts_with("unet")) return print_problems(look(job, models::check_unet));
  if (folder.starts_with("vae")) return print_problems(look(job, models::check_vae));
  print_problems(look(job, models::check_clip_text));
}

int run(int argc, char** argv) {
  Job job{argv[1], argv[2], argv[3], {}, {}};
  if (job.what == "check") {
    check(job);
    return 0;
  }
  job.inputs = probe::read_tensors(argv[4]);
  const std::string_view dtype = argc > 6 ? argv[6] : "f32";
  if (dtype != "f32") job.where.dtype = dtype == "f16" ? at::kHalf : at::kBFloat16;
  const Tensors out = job.what == "clip_text" ? run_clip_text(job)
                      : job.what == "unet"    ? run_unet(job)
                                              : run_vae(job);
  probe::write_tensors(argv[5], out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  try {
    return run(argc, argv);
  } catch (const ErrorException& error) {
    fmt::print(stderr, "{}: {}\n", to_string(error.error().code), error.what());
    return 3;
  }
}

// One step of a model and one decode, as tensors:
//   probe_full MODEL exact|fast|int8 SIZE THREADS OUTPUT
// OUTPUT holds "text" (the prompt's states), "answer" (of the UNet, guidance applied) and "image" (decoded
// from noise, so that an error of the step is none of the decode). SD_WORKER_ISA, SD_WORKER_CACHES and
// SD_WORKER_OPS are those of sd-worker. Prints what it runs with: instruction set, caches, threads, and
// whether kernels do or ATen.

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/instruction_set.h"
#include "ops/caching_allocator.h"
#include "ops/precision.h"
#include "parity/tensor_file.h"
#include "pipeline/generation.h"
#include "pipeline/latents.h"
#include "pipeline/text_embeddings.h"
#include "support/crash_report.h"

namespace {

using namespace sdw;

constexpr double kGuidance = 2;  // both passes count, and the difference of two close answers is not blown up

ops::Precision precision_of(std::string_view name) {
  if (name == "exact") return ops::Precision::exact;
  return name == "fast" ? ops::Precision::fast : ops::Precision::int8;
}

// The instruction set that kernels run with.
std::string set_up() {
  if (const char* name = std::getenv("SD_WORKER_ISA"); name != nullptr && *name != '\0') {
    const Status chosen = kernels::cpu::choose_instruction_set(name);
    if (!chosen) throw ErrorException(chosen.error());
  }
  if (const char* sizes = std::getenv("SD_WORKER_CACHES"); sizes != nullptr && *sizes != '\0') {
    const Status chosen = kernels::cpu::choose_cache_sizes(sizes);
    if (!chosen) throw ErrorException(chosen.error());
  }
  std::string instruction_set;
  for (const auto& set : kernels::cpu::instruction_sets()) {
    if (set.chosen) instruction_set = set.name;
  }
  report_crashes({.version = "probe", .instruction_set = instruction_set, .advice = ""});
  ops::install_caching_allocator();
  return instruction_set;
}

int run(char** argv) {
  const std::string instruction_set = set_up();
  const int size = std::atoi(argv[3]);
  at::set_num_threads(std::atoi(argv[4]));
  const kernels::cpu::CacheSizes& caches = kernels::cpu::cache_sizes();
  fmt::print("{} {},{} {} {}\n", instruction_set, caches.second_level, caches.shared, at::get_num_threads(),
             ops::aten_forced() ? "aten" : "kernels");
  const auto model =
      value_or_throw(pipeline::load_model(argv[1], {.placement = {.precision = precision_of(argv[2])}}));
  pipeline::SamplingOptions options;
  options.width = options.height = size;
  options.steps = 4;
  options.guidance_scale = kGuidance;
  const pipeline::GenerationRequest request{
      .prompt = "a red circle on a blue background",
      .seed = 7,
      .sampling = value_or_throw(pipeline::make_sampling_config(options, model, 0, 0))};
  const auto text = value_or_throw(pipeline::text_embeddings(model, request.prompt, "blurry", true, 0));
  auto generation = value_or_throw(pipeline::begin_generation(model, request, text));
  pipeline::Generation* const one[] = {&generation};
  pipeline::denoise_step(model, one);
  auto generator = pipeline::seeded_generator(11);
  const auto noise = pipeline::initial_latents(model, size, size, generator);
  const auto image = value_or_throw(pipeline::decode_latents(model, noise));
  probe::write_tensors(argv[5],
                       {{"text", value_or_throw(pipeline::encode_prompt(model, request.prompt, 0)).states},
                        {"answer", generation.last_answer},
                        {"image", image}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const c10::InferenceMode no_gradients;
  try {
    return run(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

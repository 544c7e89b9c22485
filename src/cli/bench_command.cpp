#include "cli/bench_command.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "cli/exit_code.h"
#include "cli/generate_options.h"
#include "cli/output.h"
#include "cli/progress_bar.h"
#include "ops/linear.h"
#include "ops/op_profile.h"
#include "pipeline/exceptions.h"
#include "pipeline/generation.h"
#include "pipeline/latents.h"
#include "pipeline/text_embeddings.h"
#include "support/stopwatch.h"

namespace sdw::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxBatch = 64;

struct BenchOptions {
  std::filesystem::path model;
  request::SamplingOptions sampling{.guidance_scale = 7.5,
                                    .sampler = "euler"};  // its steps are made of `steps`
  int steps = 3, batch = 1;
  std::string device = "auto", precision = "exact";
  int threads = 0;
  bool profile = false, json = false;
};

template <class Run>
double best_of(int times, const Run& run) {
  double best = 0;
  for (int i = 0; i < times; ++i) {
    const Stopwatch watch;
    run();
    const double milliseconds = watch.milliseconds();
    best = i == 0 ? milliseconds : std::min(best, milliseconds);
  }
  return best;
}

// The most that this machine does in a millisecond, measured: multiply-adds (counted as two) of a product of
// matrices that fit the caches, and bytes of a copy that does not.
struct Roof {
  double f32 = 0, bf16 = 0, int8 = 0, bytes = 0;

  double of(ops::Arithmetic arithmetic) const {
    return arithmetic == ops::Arithmetic::int8 ? int8 : arithmetic == ops::Arithmetic::bf16 ? bf16 : f32;
  }
};

double products_per_ms(ops::Placement where, ops::Precision precision) {
  constexpr std::int64_t kRows = 768, kDepth = 1280, kColumns = 2560;
  constexpr int kTimes = 10;
  where.precision = precision;
  const auto weight = ops::prepare_linear(at::randn({kColumns, kDepth}), {}, where);
  const at::Tensor input = at::randn({kRows, kDepth});
  return 2.0 * kRows * kDepth * kColumns / best_of(kTimes, [&] { ops::linear(input, weight); });
}

Roof measure_roof(const ops::Placement& where) {
  constexpr std::int64_t kFloats = std::int64_t{48} << 20;
  const at::Tensor from = at::empty({kFloats}).fill_(1), to = at::empty({kFloats});
  return {products_per_ms(where, ops::Precision::exact), products_per_ms(where, ops::Precision::fast),
          products_per_ms(where, ops::Precision::int8),
          2.0 * static_cast<double>(from.nbytes()) / best_of(5, [&] { to.copy_(from); })};
}

// One op's calls beside what the roof would allow. An op is limited by what takes longer there.
Json row(const ops::OpTimes& times, double total_ms, const Roof& roof) {
  const auto calls = static_cast<double>(times.calls);
  const double multiplying = calls * times.cost.multiplied / roof.of(times.cost.arithmetic);
  const double moving = calls * times.cost.bytes / roof.bytes;
  return {{"op", times.cost.op},
          {"shape", times.cost.shape},
          {"calls", times.calls},
          {"ms", times.milliseconds},
          {"share", times.milliseconds / total_ms},
          {"gflops", calls * times.cost.work / times.milliseconds / 1e6},
          {"roof_share", std::max(multiplying, moving) / times.milliseconds},
          {"limit", multiplying > moving ? "arithmetic" : "memory"}};
}

// The longest first; what no op accounts for, last.
Json rows(const ops::OpProfile& profile, double total_ms, const Roof& roof) {
  std::vector<const ops::OpTimes*> sorted;
  double in_ops = 0;
  for (const auto& [name, times] : profile.times()) {
    sorted.push_back(&times);
    in_ops += times.milliseconds;
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->milliseconds > b->milliseconds; });
  Json out = Json::array();
  for (const ops::OpTimes* times : sorted) out.push_back(row(*times, total_ms, roof));
  out.push_back({{"op", "other"}, {"ms", total_ms - in_ops}, {"share", (total_ms - in_ops) / total_ms}});
  return out;
}

std::string rows_text(const char* what, const Json& rows) {
  std::string text = fmt::format("\n{:<20} {:<36} {:>5} {:>9} {:>6} {:>8} {:>6}  {}\n", what, "shape",
                                 "calls", "ms", "share", "GFLOP/s", "roof", "limit");
  for (const Json& row : rows) {
    const auto op = row.at("op").get<std::string>();
    const double ms = row.at("ms").get<double>(), share = 100 * row.at("share").get<double>();
    if (!row.contains("shape")) {
      text += fmt::format("{:<20} {:<36} {:>5} {:>9.1f} {:>5.1f}%\n", op, "", "", ms, share);
      continue;
    }
    text += fmt::format("{:<20} {:<36} {:>5} {:>9.1f} {:>5.1f}% {:>8.0f} {:>5.0f}%  {}\n", op,
                        row.at("shape").get<std::string>(), row.at("calls").get<int>(), ms, share,
                        row.at("gflops").get<double>(), 100 * row.at("roof_share").get<double>(),
                        row.at("limit").get<std::string>());
  }
  return text;
}

double peak_memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Bench {
  const BenchOptions& options;
  Json result;

  // Runs `work` and enters its milliseconds as `<name>_ms`, with the profile where it is asked for.
  template <class Work>
  void profiled(const char* name, const Roof& roof, const Work& work) {
    const ops::OpProfile profile;
    const Stopwatch watch;
    work();
    const double milliseconds = watch.milliseconds();
    if (options.profile) result[std::string(name) + "_profile"] = rows(profile, milliseconds, roof);
    result[std::string(name) + "_ms"] = milliseconds;
  }

  void run() {
    if (options.steps < 1) {
      throw ErrorException({ErrorCode::invalid_request, "--steps must be at least 1", "steps"});
    }
    if (options.threads < 0) {
      throw ErrorException({ErrorCode::invalid_request, "--threads must be at least 1", "threads"});
    }
    if (options.batch < 1 || options.batch > kMaxBatch) {
      throw ErrorException(
          {ErrorCode::invalid_request, fmt::format("--batch must be from 1 to {}", kMaxBatch), "batch"});
    }
    const auto placement = value_or_throw(parse_placement(options.device, options.precision));
    if (options.threads > 0) at::set_num_threads(options.threads);
    const Roof roof = options.profile ? measure_roof(placement) : Roof{};
    Stopwatch watch;
    const auto model = value_or_throw(pipeline::load_model(options.model, {.placement = placement}));
    result["load_ms"] = watch.milliseconds();

    request::SamplingOptions sampling = options.sampling;
    sampling.steps = options.steps + 2;  // one before the counted ones, one for the profile
    value_or_throw(request::check_sampling_options(sampling));
    pipeline::GenerationRequest request{
        .prompt = "a red circle on a blue background",
        .sampling = value_or_throw(pipeline::make_sampling_config(sampling, model, 0, 0))};
    result["width"] = request.sampling.width;
    result["height"] = request.sampling.height;
    result["batch"] = options.batch;
    result["threads"] = at::get_num_threads();
    watch = Stopwatch();
    const auto embeddings = value_or_throw(pipeline::text_embeddings(
        model, request.prompt, request.negative_prompt, pipeline::uses_guidance(model, request.sampling),
        request.sampling.clip_skip));
    result["text_ms"] = watch.milliseconds();
    std::vector<pipeline::Generation> generations;
    for (; request.seed < static_cast<std::uint64_t>(options.batch); ++request.seed) {
      generations.push_back(value_or_throw(pipeline::begin_generation(model, request, embeddings)));
    }
    measure(model, generations, roof);
  }

  void measure(const pipeline::ModelComponents& model, std::vector<pipeline::Generation>& generations,
               const Roof& roof) {
    std::vector<pipeline::Generation*> together;
    together.reserve(generations.size());
    for (auto& generation : generations) together.push_back(&generation);
    const auto step = [&] { pipeline::denoise_step(model, together); };
    step();  // touches its memory for the first time: not counted
    std::vector<double> steps;
    for (int i = 0; i < options.steps; ++i) {
      const Stopwatch watch;
      step();
      steps.push_back(watch.milliseconds());
    }
    result["steps_ms"] = steps;
    std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2),
                     steps.end());
    result["median_step_ms"] = steps[steps.size() / 2];
    profiled("step", roof, step);
    profiled("decode", roof, [&] {
      value_or_throw(pipeline::decode_latents(model, generations.front().sampler->latents()));
    });
    result["peak_memory_mib"] = peak_memory_mib();
    if (options.profile) {
      result["roof"] = {{"f32_gflops", roof.f32 / 1e6},
                        {"bf16_gflops", roof.bf16 / 1e6},
                        {"int8_gops", roof.int8 / 1e6},
                        {"memory_gb_per_s", roof.bytes / 1e6}};
    }
  }
};

std::string text_lines(const BenchOptions& options, const Json& result) {
  const auto seconds = [&](const char* key) { return result.at(key).get<double>() / 1e3; };
  std::string text =
      fmt::format("{}x{}, {}, {} threads\n", result.at("width").get<int>(), result.at("height").get<int>(),
                  options.precision, result.at("threads").get<int>());
  text += fmt::format("load         {:8.2f} s\n", seconds("load_ms"));
  text += fmt::format("text         {:8.2f} s\n", seconds("text_ms"));
  text += fmt::format("step         {:8.2f} s, the median of {}, with guidance{}\n",
                      seconds("median_step_ms"), result.at("steps_ms").size(),
                      options.batch > 1 ? fmt::format(", of {} pictures together", options.batch) : "");
  text += fmt::format("decode       {:8.2f} s\n", seconds("decode_ms"));
  text += fmt::format("peak memory  {:8.0f} MiB\n", result.at("peak_memory_mib").get<double>());
  if (!options.profile) return text;
  text += rows_text("one step", result.at("step_profile"));
  text += rows_text("decode", result.at("decode_profile"));
  const Json& roof = result.at("roof");
  text += fmt::format(
      "\nroof: {:.0f} GFLOP/s in float32, {:.0f} in bfloat16, {:.0f} GOP/s in bytes, {:.1f} GB/s of memory, "
      "measured\nbefore. Winograd's convolutions count for it what they multiply, a quarter of the work or "
      "less.\n",
      roof.at("f32_gflops").get<double>(), roof.at("bf16_gflops").get<double>(),
      roof.at("int8_gops").get<double>(), roof.at("memory_gb_per_s").get<double>());
  return text;
}

int run(const BenchOptions& options) {
  const c10::InferenceMode inference;
  try {
    Bench bench{options, {}};
    show_status("measuring ...");
    bench.run();
    clear_status();
    value_or_throw(print(options.json ? bench.result.dump() + "\n" : text_lines(options, bench.result)));
    return kOk;
  } catch (...) {
    return fail(pipeline::error_from_exception(std::current_exception()));
  }
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("bench", "time a model on this machine");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("--model", options->model, "diffusers folder or single-file checkpoint (.safetensors)")
      ->required();
  command->add_option("--width", options->sampling.width, "pixels (default: the model's)");
  command->add_option("--height", options->sampling.height, "pixels (default: the model's)");
  command->add_option("--steps", options->steps, "steps to take the median of")->capture_default_str();
  command->add_option("--batch", options->batch, "pictures in one UNet call")->capture_default_str();
  command->add_option("--device", options->device, "cpu, cuda, cuda:N or auto")->capture_default_str();
  command->add_option("--precision", options->precision, "exact, fast or int8")->capture_default_str();
  command->add_option("--threads", options->threads, "CPU threads (default: one per core)");
  command->add_flag("--profile", options->profile, "every op's time, beside what this machine could do");
  command->add_flag("--json", options->json, "one line of JSON");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace sdw::cli

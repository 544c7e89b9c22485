#include "cli/generate_command.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "cli/exit_code.h"
#include "cli/generate_options.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress_bar.h"
#include "io/atomic_file.h"
#include "io/regular_file.h"
#include "ops/caching_allocator.h"
#include "pipeline/exceptions.h"
#include "pipeline/generate_image.h"
#include "pipeline/text_embeddings.h"
#include "support/stopwatch.h"

namespace sdw::cli {
namespace {

namespace fs = std::filesystem;

struct Timings {
  double load_ms = 0, text_ms = 0, denoise_ms = 0, decode_ms = 0, encode_ms = 0, total_ms = 0;
  std::vector<double> per_step_ms;
};

struct Outcome {
  std::vector<fs::path> files;
  std::vector<std::uint64_t> seeds;
  int width = 0, height = 0;
  Timings timings;
};

std::shared_ptr<const io::Picture> read_picture(const fs::path& path) {
  constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
  if (path.empty()) return nullptr;
  auto bytes = io::read_file(path, kMaxBytes);
  if (!bytes) throw ErrorException({ErrorCode::input_unreadable, bytes.error().message, path.string()});
  auto picture = io::decode_picture(*bytes);
  if (!picture) {
    throw ErrorException(
        {picture.error().code, fmt::format("{}: {}", path.string(), picture.error().message)});
  }
  return std::make_shared<const io::Picture>(std::move(*picture));
}

std::uint64_t draw_seed() {
  // 32 bits: what every other tool can take back.
  return std::random_device()();
}

void stop_if(const CancelToken& cancel) {
  if (cancel.cancelled()) throw ErrorException({ErrorCode::cancelled, "interrupted"});
}

pipeline::ModelComponents load(const GenerateOptions& options, const ops::Placement& placement) {
  show_status("loading " + options.model.filename().string() + " ...");
  pipeline::LoadOptions load_options{.placement = placement};
  for (const std::string& text : options.loras) {
    load_options.loras.push_back(value_or_throw(parse_lora(text)));
  }
  auto model = pipeline::load_model(options.model, load_options);
  clear_status();
  return value_or_throw(std::move(model));
}

// Encodes all pictures before the first is written, so that an interrupted run leaves none.
void write_pictures(const GenerateOptions& options, const std::vector<io::Picture>& pictures,
                    Outcome& outcome) {
  const Stopwatch watch;
  const auto format = value_or_throw(output_format(options));
  std::vector<std::vector<std::byte>> encoded;
  encoded.reserve(pictures.size());
  for (const auto& picture : pictures) {
    encoded.push_back(value_or_throw(io::encode_picture(picture, format, options.quality)));
  }
  outcome.files = output_paths(options);
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    value_or_throw(io::write_file_atomically(outcome.files[i], encoded[i]));
  }
  outcome.timings.encode_ms = watch.milliseconds();
}

Outcome generate(GenerateOptions& options, const CancelToken& cancel) {
  const Stopwatch total;
  Outcome outcome;
  Timings& timings = outcome.timings;
  value_or_throw(check_generate_options(options));
  const auto placement = value_or_throw(parse_placement(options.device, options.precision));
  if (options.threads > 0) at::set_num_threads(options.threads);

  const auto input = read_picture(options.input_image);
  const auto mask = read_picture(options.mask_image);
  auto model = load(options, placement);
  timings.load_ms = total.milliseconds();
  stop_if(cancel);

  pipeline::GenerationRequest request{
      .prompt = options.prompt,
      .negative_prompt = options.negative_prompt,
      .seed = value_or_throw(parse_seed(options.seed)).value_or(draw_seed()),
      .sampling = value_or_throw(pipeline::make_sampling_config(
          options.sampling, model, input ? input->width : 0, input ? input->height : 0)),
      .input_image = input,
      .mask_image = mask};
  outcome.width = request.sampling.width;
  outcome.height = request.sampling.height;

  const Stopwatch text;
  const auto embeddings = value_or_throw(pipeline::text_embeddings(
      model, request.prompt, request.negative_prompt, pipeline::uses_guidance(model, request.sampling),
      request.sampling.clip_skip, StopCheck([&] { return cancel.cancelled(); })));
  timings.text_ms = text.milliseconds();
  // Whatever is done with makes room for what comes.
  ops::keep_pages_of_weights(true);
  model.text_encoder = {};
  model.text_encoder_2.reset();
  for (const auto& warning : embeddings.warnings) {
    notify(fmt::format("sd-worker: warning: {}\n", warning));
  }

  std::vector<io::Picture> pictures;
  for (int i = 0; i < options.count; ++i, ++request.seed) {
    const auto label =
        options.count > 1 ? fmt::format("picture {}/{}", i + 1, options.count) : std::string("denoising");
    std::optional<ProgressBar> bar;
    pipeline::GenerationEvents events;
    events.on_step = [&](const pipeline::StepProgress& progress) {
      if (!bar) bar.emplace(label, progress.total);
      bar->show(progress.step);
    };
    if (i + 1 == options.count) events.on_denoised = [&] { model.unet = {}; };
    auto result = value_or_throw(pipeline::generate_image(model, request, embeddings, cancel, {}, events));
    timings.per_step_ms.insert(timings.per_step_ms.end(), result.timings.per_step_ms.begin(),
                               result.timings.per_step_ms.end());
    timings.denoise_ms += result.timings.denoise_ms;
    timings.decode_ms += result.timings.decode_ms;
    outcome.seeds.push_back(request.seed);
    pictures.push_back(std::move(result.picture));
  }
  stop_if(cancel);
  write_pictures(options, pictures, outcome);
  timings.total_ms = total.milliseconds();
  return outcome;
}

std::string json_line(const Outcome& outcome) {
  const auto& t = outcome.timings;
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : outcome.files) files.push_back(file.string());
  const nlohmann::json line = {{"files", files},
                               {"seeds", outcome.seeds},
                               {"width", outcome.width},
                               {"height", outcome.height},
                               {"timings",
                                {{"load_ms", t.load_ms},
                                 {"text_ms", t.text_ms},
                                 {"denoise_ms", t.denoise_ms},
                                 {"per_step_ms", t.per_step_ms},
                                 {"decode_ms", t.decode_ms},
                                 {"encode_ms", t.encode_ms},
                                 {"total_ms", t.total_ms}}}};
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string text_lines(const Outcome& outcome) {
  std::string text;
  for (std::size_t i = 0; i < outcome.files.size(); ++i) {
    text += fmt::format("{}  (seed {}, {}x{}, {:.1f} s in all)\n", outcome.files[i].string(),
                        outcome.seeds[i], outcome.width, outcome.height, outcome.timings.total_ms / 1e3);
  }
  return text;
}

int run(GenerateOptions& options) {
  const c10::InferenceMode inference;
  try {
    const auto outcome = generate(options, cancel_on_interrupt());
    value_or_throw(print(options.json ? json_line(outcome) : text_lines(outcome)));
    return kOk;
  } catch (...) {
    return fail(pipeline::error_from_exception(std::current_exception()));
  }
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("generate", "make pictures and write them to files");
  auto options = std::make_shared<GenerateOptions>();
  add_generate_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace sdw::cli

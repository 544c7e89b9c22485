#include "cli/serve.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/generate_options.h"
#include "cli/run_worker.h"
#include "cli/serve_command.h"
#include "http/job_metrics.h"
#include "worker/pipeline_backend.h"

namespace sdw::cli {
namespace {

std::string name_of(at::ScalarType dtype) {
  switch (dtype) {
    case at::kHalf:
      return "float16";
    case at::kBFloat16:
      return "bfloat16";
    default:
      return "float32";
  }
}

int serve(const ServeOptions& options) {
  worker::PipelineOptions backend_options{.memory_limit_bytes = options.memory_limit,
                                          .lora_dir = options.lora_dir,
                                          .text_cache_entries = options.text_cache_entries,
                                          .picture_cache_entries = options.picture_cache_entries};
  for (const std::string& precision : options.precisions) {
    auto& known = backend_options.precisions;
    if (std::ranges::find(known, precision) != known.end()) continue;
    const auto placement = parse_placement(options.device, precision);
    if (!placement) return fail(placement.error());
    backend_options.placements[known.empty() ? "" : precision] = *placement;
    known.push_back(precision);
  }
  if (options.threads > 0) at::set_num_threads(options.threads);
  prometheus::Registry registry;
  http::JobMetrics observer(registry);
  const auto backend = worker::make_pipeline_backend(backend_options, observer);
  const ops::Placement& placement = backend_options.placements.at("");
  const http::About about{.version = SD_WORKER_VERSION,
                          .build = fmt::format("C++ {}, {}", __cplusplus / 100, __VERSION__),
                          .device = placement.device.str(),
                          .dtype = name_of(placement.dtype)};
  const Status served = run_worker(options, *backend, observer, registry, about);
  return served ? static_cast<int>(kOk) : fail(served.error());
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  add_serve_flags(app, exit_code, serve);
}

}  // namespace sdw::cli

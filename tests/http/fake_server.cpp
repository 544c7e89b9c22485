#include <cstdlib>

#include "cli/exit_code.h"
#include "cli/run_worker.h"
#include "cli/serve_command.h"
#include "http/job_metrics.h"
#include "support/standard_streams.h"
#include "unit/jobs/fake_backend.h"

namespace {

using namespace sdw;

std::chrono::milliseconds from_environment(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return std::chrono::milliseconds(value ? std::atoi(value) : otherwise);
}

int serve(const cli::ServeOptions& options) {
  prometheus::Registry registry;
  http::JobMetrics observer(registry);
  jobs::FakeBackend backend;
  backend.step_time = from_environment("FAKE_STEP_MS", 5);
  backend.load_time = from_environment("FAKE_LOAD_MS", 20);
  const http::About about{.version = "0.0.0-test", .build = "test", .device = "none", .dtype = "none"};
  const Status served = cli::run_worker(options, backend, observer, registry, about);
  return served ? static_cast<int>(cli::kOk) : cli::fail(served.error());
}

}  // namespace

int main(int argc, char** argv) {
  guard_standard_streams();
  CLI::App app("sd-worker with a fake backend");
  int exit_code = cli::kOk;
  cli::add_serve_flags(app, exit_code, serve);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return cli::fail({ErrorCode::invalid_request, error.what()});
  }
  return exit_code;
}

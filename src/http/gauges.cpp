#include "http/gauges.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "support/log.h"

namespace sdw::http {
namespace {

prometheus::MetricFamily gauge(std::string name, std::string help) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = prometheus::MetricType::Gauge;
  return family;
}

void add(prometheus::MetricFamily& family, double value,
         std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  metric.label = std::move(labels);
  family.metric.push_back(std::move(metric));
}

prometheus::MetricFamily gauge(std::string name, std::string help, double value) {
  prometheus::MetricFamily family = gauge(std::move(name), std::move(help));
  add(family, value);
  return family;
}

prometheus::MetricFamily counter(std::string name, std::string help, double value) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = prometheus::MetricType::Counter;
  family.metric.emplace_back().counter.value = value;
  return family;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

prometheus::MetricFamily jobs_by_state(const jobs::JobCounts& counts) {
  auto family = gauge("sd_worker_jobs", "Jobs that are known, by state.");
  add(family, static_cast<double>(counts.queued), {{"state", "queued"}});
  add(family, static_cast<double>(counts.running), {{"state", "running"}});
  add(family, static_cast<double>(counts.completed), {{"state", "completed"}});
  add(family, static_cast<double>(counts.failed), {{"state", "failed"}});
  add(family, static_cast<double>(counts.cancelled), {{"state", "cancelled"}});
  return family;
}

prometheus::MetricFamily models_loaded(const jobs::AppState& app) {
  auto family = gauge("sd_worker_model_loaded", "1 where the model is in memory.");
  for (const contract::ModelStatus& model : app.models.list()) {
    add(family, model.state == contract::ModelState::loaded ? 1 : 0, {{"model", model.id}});
  }
  return family;
}

}  // namespace

std::vector<prometheus::MetricFamily> read_gauges(jobs::AppState& app, const std::string& version) {
  const jobs::JobCounts counts = app.registry.counts();
  const jobs::EngineLoad load = app.engine.load();
  std::vector<prometheus::MetricFamily> families;
  families.push_back(
      gauge("sd_worker_queue_depth", "Jobs that wait.", static_cast<double>(app.queue.size())));
  families.push_back(
      gauge("sd_worker_queue_capacity", "Jobs that may wait.", static_cast<double>(app.settings.queue.jobs)));
  families.push_back(jobs_by_state(counts));
  families.push_back(gauge("sd_worker_active_generations", "Pictures that the engine is working on.",
                           static_cast<double>(load.active_generations)));
  families.push_back(gauge("sd_worker_result_bytes", "Memory that kept results take.",
                           static_cast<double>(counts.result_bytes)));
  families.push_back(models_loaded(app));
  families.push_back(gauge("sd_worker_model_bytes", "Memory that loaded models take.",
                           static_cast<double>(app.models.loaded_bytes())));
  families.push_back(gauge("sd_worker_ready", "1 where a job would be served.",
                           app.models.readiness().ready && !app.draining ? 1 : 0));
  auto build = gauge("sd_worker_build_info", "Always 1; the version is a label.");
  add(build, 1, {{"version", version}});
  families.push_back(std::move(build));
  families.push_back(counter("sd_worker_log_lines_dropped_total",
                             "Log lines that could not be queued or written.",
                             static_cast<double>(log::dropped_lines())));
  families.push_back(gauge("process_resident_memory_bytes", "Resident memory.", resident_bytes()));
  families.push_back(gauge("process_open_fds", "Open files and sockets.", open_files()));
  return families;
}

}  // namespace sdw::http

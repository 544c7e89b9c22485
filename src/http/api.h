#pragma once

#include <prometheus/registry.h>
#include <string>

#include "http/http_metrics.h"
#include "http/router.h"
#include "http/settings.h"
#include "jobs/app_state.h"

namespace sdw::http {

// What this worker is, for /info.
struct About {
  std::string version;
  std::string build;   // compiler and build type
  std::string device;  // "cpu", "cuda:0"
  std::string dtype;   // "float32"
};

// What the handlers work with; all outlive the router.
struct Api {
  jobs::AppState& app;
  prometheus::Registry& registry;
  HttpMetrics& metrics;
  const ServerSettings& settings;
  const About& about;
};

// One function for each family of routes.
void add_job_routes(Router& router, const Api& api);
void add_stream_route(Router& router, const Api& api);
void add_picture_route(Router& router, const Api& api);
void add_model_routes(Router& router, const Api& api);
void add_health_routes(Router& router, const Api& api);
void add_metrics_route(Router& router, const Api& api);
void add_info_route(Router& router, const Api& api);
void add_docs_routes(Router& router, const Api& api);
void add_page_routes(Router& router);

// All of them.
Router make_router(const Api& api);

}  // namespace sdw::http

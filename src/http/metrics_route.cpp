#include <prometheus/text_serializer.h>

#include "http/api.h"
#include "http/gauges.h"

namespace sdw::http {
namespace {

std::string metrics_text(const Api& api) {
  std::vector<prometheus::MetricFamily> families = api.registry.Collect();
  for (auto& family : read_gauges(api.app, api.about.version)) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace

void add_metrics_route(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/metrics",
              .handler = [api](Request&, const PathValues&) -> Response {
                return text_response(200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(api));
              },
              .runs_on = RunsOn::readers});  // counts open files, of which there may be many
}

}  // namespace sdw::http

#include <nlohmann/json.hpp>

#include "contract/field_values.h"
#include "contract/openapi.h"
#include "contract/request_fields.h"
#include "http/api.h"
#include "request/names.h"
#include "request/operation.h"

namespace sdw::http {
namespace {

using nlohmann::json;

json names(std::span<const request::NameEntry> entries) {
  json list = json::array();
  for (const request::NameEntry& entry : entries) {
    list.push_back({{"id", entry.id}, {"label", entry.label}, {"aliases", entry.aliases}});
  }
  return list;
}

json fields(const contract::Limits& limits) {
  json list = json::array();
  for (const request::FieldInfo& field : contract::all_fields()) {
    json entry = contract::field_schema(contract::limited(field, limits));
    entry.erase("enum");  // names are under `samplers` and `schedules`
    entry["name"] = field.name;
    for (const request::Operation operation : request::operations()) {
      if ((field.operations & request::only(operation)) != 0) {
        entry["operations"].push_back(request::to_string(operation));
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

json limits(const Api& api) {
  const contract::Limits& request = api.app.limits;
  const jobs::Settings& jobs = api.app.settings;
  return {{"body_bytes", std::min<std::uint64_t>(request.body_bytes, api.settings.limits.max_body_bytes)},
          {"prompt_bytes", request.prompt_bytes},
          {"picture_bytes", request.picture_bytes},
          {"picture_pixels", request.picture_pixels},
          {"output_pixels", request.output_pixels},
          {"steps", request.steps},
          {"count", request.count},
          {"loras", request.loras},
          {"timeout_s", request.timeout_s},
          {"queue_size", jobs.queue.jobs},
          {"max_batch", jobs.engine.max_batch},
          {"result_bytes", jobs.retention.result_bytes},
          {"result_age_seconds", jobs.retention.result_age.count()},
          {"events_per_job", jobs.events.per_job}};
}

json capabilities(const jobs::AppState& app) {
  json operations = json::array();
  for (const request::Operation operation : request::operations()) {
    operations.push_back(request::to_string(operation));
  }
  return {{"operations", operations},
          {"samplers", names(request::sampler_names())},
          {"schedules", names(request::schedule_names())},
          {"precisions", app.backend.precisions()},
          {"fields", fields(app.limits)},
          {"sizes",
           {{"multiple_of", request::kSizeMultiple}, {"min", request::kMinSize}, {"max", request::kMaxSize}}},
          {"output_formats", {"png", "jpeg", "webp"}}};
}

json model_defaults(const jobs::AppState& app) {
  const auto id = app.models.resolve("");
  if (!id) return nullptr;
  json model = {{"id", *id}};
  if (const auto description = app.models.description(*id)) {
    model["family"] = description->family;
    model["defaults"] = {{"width", description->default_width},
                         {"height", description->default_height},
                         {"steps", description->default_steps},
                         {"guidance_scale", description->default_guidance}};
  }
  return model;
}

Response info(const Api& api) {
  const json model = model_defaults(api.app);
  return json_response(200, json{{"name", "sd-worker"},
                                 {"version", api.about.version},
                                 {"build", api.about.build},
                                 {"device", api.about.device},
                                 {"dtype", api.about.dtype},
                                 {"model", model.is_null() ? json(nullptr) : model["id"]},
                                 {"default_model", model},
                                 {"limits", limits(api)},
                                 {"capabilities", capabilities(api.app)}}
                                .dump());
}

}  // namespace

void add_info_route(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/info",
              .handler = [api](Request&, const PathValues&) -> Response { return info(api); }});
}

}  // namespace sdw::http

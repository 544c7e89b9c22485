#include <nlohmann/json.hpp>

#include "contract/operation.h"
#include "http/api.h"
#include "schedulers/names.h"

namespace sdw::http {
namespace {

using nlohmann::json;

json names(std::span<const schedulers::NameEntry> entries) {
  json list = json::array();
  for (const schedulers::NameEntry& entry : entries) {
    list.push_back({{"id", entry.id}, {"label", entry.label}, {"aliases", entry.aliases}});
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

json capabilities(const jobs::Backend& backend) {
  using pipeline::Operation;
  json operations = json::array();
  for (const Operation operation :
       {Operation::image_generation, Operation::image_transform, Operation::image_inpaint}) {
    operations.push_back(contract::to_string(operation));
  }
  return {{"operations", operations},
          {"samplers", names(schedulers::sampler_names())},
          {"schedules", names(schedulers::schedule_names())},
          {"precisions", backend.precisions()},
          {"sizes", {{"multiple_of", 8}, {"min", 64}, {"max", 2048}}},
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
                                 {"capabilities", capabilities(api.app.backend)}}
                                .dump());
}

}  // namespace

void add_info_route(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/info",
              .handler = [api](Request&, const PathValues&) -> Response { return info(api); }});
}

}  // namespace sdw::http

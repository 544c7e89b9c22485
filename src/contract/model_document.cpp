#include "contract/model_document.h"

#include <nlohmann/json.hpp>

#include "contract/error_body.h"
#include "contract/error_table.h"
#include "contract/json_text.h"

namespace sdw::contract {
namespace {

using nlohmann::json;

json fields_of(const ModelStatus& model) {
  json fields{{"id", model.id},
              {"object", "model"},
              {"created",
               std::chrono::duration_cast<std::chrono::seconds>(model.created_at.time_since_epoch()).count()},
              {"owned_by", "local"},
              {"family", model.family},
              {"state", to_string(model.state)},
              {"loaded", model.state == ModelState::loaded},
              {"default", model.is_default},
              {"size_bytes", model.disk_bytes},
              {"memory_bytes", model.memory_bytes},
              {"last_used", nullptr},
              {"error", nullptr}};
  if (model.state == ModelState::loading) fields["load_percent"] = model.load_percent;
  if (model.last_used) fields["last_used"] = to_rfc3339(*model.last_used);
  if (model.error) {
    fields["error"] = {{"message", public_message(*model.error)},
                       {"code", error_entry(model.error->code).name}};
  }
  return fields;
}

}  // namespace

std::string_view to_string(ModelState state) {
  switch (state) {
    case ModelState::unloaded:
      return "unloaded";
    case ModelState::loading:
      return "loading";
    case ModelState::loaded:
      return "loaded";
    case ModelState::unloading:
      return "unloading";
    case ModelState::failed:
      return "failed";
  }
  return "";
}

std::string model_list(std::span<const ModelStatus> models) {
  json entries = json::array();
  for (const ModelStatus& model : models) entries.push_back(fields_of(model));
  return json_text({{"object", "list"}, {"data", std::move(entries)}});
}

std::string model_document(const ModelStatus& model) {
  return json_text(fields_of(model));
}

}  // namespace sdw::contract

#include "pipeline/model_configs.h"

#include <fmt/format.h>
#include <string>

#include "models/model_file.h"
#include "schedulers/registry.h"

namespace sdw::pipeline {
namespace {

namespace fs = std::filesystem;

Error invalid(std::string param, std::string message) {
  return {ErrorCode::model_invalid, std::move(message), std::move(param)};
}

// The class model_index.json names for a component, or "" where there is none (absent or [null, null]).
std::string class_of(const nlohmann::json& index, const char* component) {
  const auto found = index.find(component);
  if (found == index.end() || !found->is_array() || found->size() != 2 || !(*found)[1].is_string()) return "";
  return (*found)[1].get<std::string>();
}

Status expect_class(const nlohmann::json& index, const char* component,
                    std::initializer_list<const char*> supported) {
  const auto name = class_of(index, component);
  for (const char* each : supported) {
    if (name == each) return ok_status();
  }
  if (name.empty()) {
    return invalid("model_index.json", fmt::format("model_index.json names no {}", component));
  }
  return invalid("model_index.json",
                 fmt::format("model_index.json: {} is a {}, which is not supported (expected {})", component,
                             name, *supported.begin()));
}

Result<nlohmann::json> read_index(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    return Error{ErrorCode::model_not_found, fmt::format("there is no model at {}", folder.string()),
                 "model"};
  }
  if (!fs::is_directory(folder, ignored) || !fs::exists(folder / "model_index.json", ignored)) {
    return invalid("model", fmt::format("{} is not a diffusers model folder: it holds no model_index.json",
                                        folder.string()));
  }
  auto index = models::read_model_json(folder, "model_index.json");
  if (!index) return index;
  for (const Status& status :
       {expect_class(*index, "unet", {"UNet2DConditionModel"}),
        expect_class(*index, "vae", {"AutoencoderKL"}),
        expect_class(*index, "text_encoder", {"CLIPTextModel", "CLIPTextModelWithProjection"})}) {
    if (!status) return status.error();
  }
  return index;
}

Result<schedulers::SchedulerSettings> read_scheduler(const fs::path& folder, const nlohmann::json& index) {
  const auto file = fs::path("scheduler") / "scheduler_config.json";
  if (auto path = models::model_file(folder, file); !path) return path.error();
  auto scheduler = schedulers::load_scheduler_settings(folder / file);
  if (!scheduler) return scheduler;
  // The reference takes the class from the index, whatever the scheduler's own file says.
  if (auto name = class_of(index, "scheduler"); !name.empty()) scheduler->class_name = std::move(name);
  if (auto status = schedulers::check_settings(*scheduler); !status) return status.error();
  return scheduler;
}

// Two text encoders, and the pooled state of the second beside the prompt's.
Status read_second_encoder(const fs::path& folder, const nlohmann::json& index, ModelConfigs& configs) {
  if (auto status = expect_class(index, "text_encoder_2", {"CLIPTextModelWithProjection"}); !status) {
    return status;
  }
  auto config = models::read_model_json(folder, "text_encoder_2/config.json");
  if (!config) return config.error();
  configs.text_encoder_2 = std::move(*config);
  configs.force_zeros_for_empty_prompt =
      index.value("force_zeros_for_empty_prompt", nlohmann::json(true)) != false;
  return ok_status();
}

}  // namespace

Result<ModelConfigs> read_model_configs(const fs::path& folder) {
  auto index = read_index(folder);
  if (!index) return index.error();
  ModelConfigs configs;
  configs.tokenizers = folder;
  struct File {
    const char* name;
    nlohmann::json& place;
  };
  for (const File& file : {File{"text_encoder/config.json", configs.text_encoder},
                           File{"unet/config.json", configs.unet}, File{"vae/config.json", configs.vae}}) {
    auto config = models::read_model_json(folder, file.name);
    if (!config) return config.error();
    file.place = std::move(*config);
  }
  auto scheduler = read_scheduler(folder, *index);
  if (!scheduler) return scheduler.error();
  configs.scheduler = std::move(*scheduler);
  if (configs.unet.value("addition_embed_type", nlohmann::json()) == "text_time") {
    if (auto status = read_second_encoder(folder, *index, configs); !status) return status.error();
  }
  constexpr const char* kGeneration = "generation_config.json";
  if (std::error_code ignored; fs::exists(folder / kGeneration, ignored)) {
    auto generation = models::read_model_json(folder, kGeneration);
    if (!generation) return generation.error();
    configs.generation = std::move(*generation);
  }
  return configs;
}

}  // namespace sdw::pipeline

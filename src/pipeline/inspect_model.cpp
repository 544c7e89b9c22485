#include "pipeline/inspect_model.h"

#include "io/safetensors.h"
#include "pipeline/load_tokenizer.h"
#include "pipeline/model_folder.h"

namespace sdw::pipeline {
namespace {

ComponentReport report_of(const char* name, const models::WeightMap& weights) {
  ComponentReport report{.name = name,
                         .parameters = weights.parameters(),
                         .bytes = weights.bytes(),
                         .dtypes = weights.parameters_by_dtype(),
                         .unused = weights.unused()};
  for (const auto& problem : weights.problems()) report.problems.push_back(problem.message);
  return report;
}

// A tokenizer has no weights, so that a good one is not listed.
void add_tokenizer_problem(const ModelFolder& folder, const char* name, const models::ClipTextConfig& encoder,
                           ModelReport& report) {
  if (const auto tokenizer = load_tokenizer(folder, name, encoder); !tokenizer) {
    report.components.push_back({.name = name, .problems = {tokenizer.error().message}});
  }
}

Result<ModelReport> inspect_folder(const std::filesystem::path& path) {
  auto folder = read_model_folder(path);
  if (!folder) return folder.error();
  const auto prediction = folder->scheduler.fields.value("prediction_type", nlohmann::json("epsilon"));
  ModelReport report{.kind = "diffusers folder",
                     .family = std::string(to_string(folder->family)),
                     .inpainting = folder->inpainting,
                     .scheduler = folder->scheduler.class_name,
                     .prediction_type = prediction.is_string() ? prediction.get<std::string>() : "",
                     .width = folder->defaults.width,
                     .height = folder->defaults.height};
  report.components.push_back(report_of("text_encoder", folder->text_encoder.weights));
  if (folder->text_encoder_2) {
    report.components.push_back(report_of("text_encoder_2", folder->text_encoder_2->weights));
  }
  report.components.push_back(report_of("unet", folder->unet.weights));
  report.components.push_back(report_of("vae", folder->vae.weights));
  add_tokenizer_problem(*folder, "tokenizer", folder->text_encoder.config, report);
  if (folder->text_encoder_2) {
    add_tokenizer_problem(*folder, "tokenizer_2", folder->text_encoder_2->config, report);
  }
  return report;
}

Result<ModelReport> inspect_file(const std::filesystem::path& path) {
  auto file = io::SafetensorsFile::open(path);
  if (!file) return file.error();
  std::vector<io::SafetensorsFile> files;
  files.push_back(std::move(*file));
  auto weights = models::WeightMap::from_files(path.filename().string(), files);
  if (!weights) return weights.error();
  auto component = report_of("file", *weights);
  component.unused.clear();
  return ModelReport{.kind = "safetensors file", .components = {std::move(component)}};
}

}  // namespace

Result<ModelReport> inspect_model(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Error{ErrorCode::model_not_found, "there is no model at " + path.string(), "model"};
  }
  return std::filesystem::is_directory(path, ignored) ? inspect_folder(path) : inspect_file(path);
}

}  // namespace sdw::pipeline

#include "pipeline/inspect_model.h"

#include "io/safetensors.h"
#include "models/checkpoint.h"
#include "pipeline/load_tokenizer.h"
#include "pipeline/model_files.h"

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
void add_tokenizer_problem(const ModelFiles& files, const char* name, const models::ClipTextConfig& encoder,
                           ModelReport& report) {
  if (const auto tokenizer = load_tokenizer(files, name, encoder); !tokenizer) {
    report.components.push_back({.name = name, .problems = {tokenizer.error().message}});
  }
}

ModelReport report_of(const char* kind, const ModelFiles& files, Tokenizers tokenizers) {
  const auto prediction = files.scheduler.fields.value("prediction_type", nlohmann::json("epsilon"));
  ModelReport report{.kind = kind,
                     .family = std::string(to_string(files.family)),
                     .inpainting = files.inpainting,
                     .scheduler = files.scheduler.class_name,
                     .prediction_type = prediction.is_string() ? prediction.get<std::string>() : "",
                     .width = files.defaults.width,
                     .height = files.defaults.height,
                     .steps = files.defaults.steps,
                     .guidance_scale = files.defaults.guidance_scale};
  report.components.push_back(report_of("text_encoder", files.text_encoder.weights));
  if (files.text_encoder_2) {
    report.components.push_back(report_of("text_encoder_2", files.text_encoder_2->weights));
  }
  report.components.push_back(report_of("unet", files.unet.weights));
  report.components.push_back(report_of("vae", files.vae.weights));
  if (tokenizers == Tokenizers::left_out) return report;
  add_tokenizer_problem(files, "tokenizer", files.text_encoder.config, report);
  if (files.text_encoder_2) {
    add_tokenizer_problem(files, "tokenizer_2", files.text_encoder_2->config, report);
  }
  return report;
}

ModelReport report_of_file(const std::filesystem::path& path, io::SafetensorsFile file) {
  std::vector<io::SafetensorsFile> files;
  files.push_back(std::move(file));
  auto component =
      report_of("file", value_or_throw(models::WeightMap::from_files(path.filename().string(), files)));
  component.unused.clear();
  return ModelReport{.kind = "safetensors file", .components = {std::move(component)}};
}

}  // namespace

Result<ModelReport> inspect_model(const std::filesystem::path& path, Tokenizers tokenizers) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Error{ErrorCode::model_not_found, "there is no model at " + path.string(), "model"};
  }
  const auto report = [tokenizers](const char* kind, const Result<ModelFiles>& files) -> Result<ModelReport> {
    if (!files) return files.error();
    return report_of(kind, *files, tokenizers);
  };
  if (std::filesystem::is_directory(path, ignored)) return report("diffusers folder", read_model_files(path));
  auto file = io::SafetensorsFile::open(path);
  if (!file) return file.error();
  if (!models::holds_checkpoint(*file)) return report_of_file(path, std::move(*file));
  return report("single-file checkpoint", read_checkpoint(path, std::move(*file)));
}

}  // namespace sdw::pipeline

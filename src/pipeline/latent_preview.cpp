#include "pipeline/latent_preview.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

#include "io/json.h"
#include "pipeline/picture_tensor.h"

namespace sdw::pipeline {
namespace {

constexpr const char* kFile = "latent_preview.json";

LatentPreview published_map(ModelFamily family) {
  if (family == ModelFamily::sdxl) {
    return {{{0.3651, 0.4232, 0.4341},
             {-0.2533, -0.0042, 0.1068},
             {0.1076, 0.1111, -0.0362},
             {-0.3165, -0.2492, -0.2188}},
            {0.1084, -0.0175, -0.0011}};
  }
  // Stable Diffusion 2 has the VAE of 1.
  return {{{0.3512, 0.2297, 0.3227},
           {0.3250, 0.4974, 0.2350},
           {-0.2829, 0.1762, 0.2721},
           {-0.2120, -0.2616, -0.7177}},
          {}};
}

bool read_row(const nlohmann::json& values, std::array<double, 3>& row) {
  if (!values.is_array() || values.size() != row.size()) return false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!values[i].is_number()) return false;
    row[i] = values[i].get<double>();
  }
  return true;
}

bool read_map(const nlohmann::json& json, std::int64_t channels, LatentPreview& preview) {
  if (!json.is_object() || !json.contains("factors") || !json.contains("bias")) return false;
  const auto& factors = json["factors"];
  if (!factors.is_array() || std::ssize(factors) != channels) return false;
  for (const auto& values : factors) {
    if (!read_row(values, preview.factors.emplace_back())) return false;
  }
  return read_row(json["bias"], preview.bias);
}

std::string prediction_type(const schedulers::SchedulerSettings& settings) {
  const auto& fields = settings.fields;
  const auto at = fields.find("prediction_type");
  return at != fields.end() && at->is_string() ? at->get<std::string>() : "epsilon";
}

}  // namespace

Result<LatentPreview> read_latent_preview(const std::filesystem::path& path, ModelFamily family,
                                          std::int64_t latent_channels) {
  if (std::error_code ignored; !std::filesystem::exists(path / kFile, ignored)) {
    const auto preview = published_map(family);
    return std::ssize(preview.factors) == latent_channels ? preview : LatentPreview{};
  }
  const auto json = io::read_json_file(path / kFile);
  if (!json) return json.error();
  LatentPreview preview;
  if (read_map(*json, latent_channels, preview)) return preview;
  return Error{
      ErrorCode::model_invalid,
      fmt::format("{}: \"factors\" and \"bias\" must hold three numbers a latent channel and three", kFile),
      kFile};
}

// At evaluation i, latents = signal * clean + noise_level * noise; the model sees them scaled to a variance
// of 1.
at::Tensor predicted_latents(const schedulers::SchedulerSettings& settings, const Generation& generation) {
  const auto& sampler = *generation.sampler;
  const auto one = at::ones({1, 1, 1, 1}), none = at::zeros({1, 1, 1, 1});
  const double signal = sampler.add_noise(one, none, generation.last_evaluation).item<double>();
  const double noise = sampler.add_noise(none, one, generation.last_evaluation).item<double>();
  const double norm = std::hypot(signal, noise);
  const double alpha = signal / norm, sigma = noise / norm;
  const auto& sample = generation.last_sample;
  const auto& answer = generation.last_answer;
  const auto type = prediction_type(settings);
  auto clean = type == "sample"         ? answer
               : type == "v_prediction" ? alpha * sample - sigma * answer
                                        : (sample - sigma * answer) / alpha;
  if (generation.image_latents.defined()) {
    clean = generation.mask * clean + (1 - generation.mask) * generation.image_latents;
  }
  return clean;
}

io::Picture preview_picture(const LatentPreview& preview, const at::Tensor& latents) {
  std::vector<double> factors;
  for (const auto& row : preview.factors) factors.insert(factors.end(), row.begin(), row.end());
  const auto channels = static_cast<std::int64_t>(preview.factors.size());
  const auto map = at::tensor(factors, at::kDouble).view({channels, 3}).to(at::kFloat);
  const auto bias =
      at::tensor({preview.bias[0], preview.bias[1], preview.bias[2]}, at::kDouble).to(at::kFloat);
  const auto pixels = at::einsum("chw,cr->rhw", {latents[0].to(at::kCPU, at::kFloat), map});
  return tensor_to_image(pixels + bias.view({3, 1, 1}));
}

}  // namespace sdw::pipeline

#include "models/checkpoint.h"

#include <algorithm>
#include <fmt/format.h>

#include "io/printable.h"
#include "models/original_names.h"

namespace sdw::models {
namespace {

enum class Layout { unet, vae, clip, open_clip };

struct Part {
  std::string_view prefix, component;
  Layout layout;
};

constexpr std::string_view kUnet = "model.diffusion_model.";
constexpr std::string_view kVae = "first_stage_model.";
constexpr std::string_view kClip = "cond_stage_model.transformer.";
constexpr std::string_view kOpenClip = "cond_stage_model.model.";
constexpr std::string_view kXlSecond = "conditioner.embedders.1.model.";
constexpr std::string_view kXlRefiner = "conditioner.embedders.0.model.";

constexpr Part kParts[] = {
    {kUnet, "unet", Layout::unet},
    {kVae, "vae", Layout::vae},
    {kClip, "text_encoder", Layout::clip},
    {kOpenClip, "text_encoder", Layout::open_clip},
    {"conditioner.embedders.0.transformer.", "text_encoder", Layout::clip},
    {kXlSecond, "text_encoder_2", Layout::open_clip},
};

using Tensors = std::map<std::string, io::TensorView, std::less<>>;

bool has_prefix(const Tensors& tensors, std::string_view prefix) {
  const auto first = tensors.lower_bound(prefix);
  return first != tensors.end() && first->first.starts_with(prefix);
}

// The first downsampler comes right behind the layers of the first block.
int layers_per_block(const Tensors& tensors) {
  constexpr int kMost = 100;
  for (int i = 1; i < kMost; ++i) {
    if (tensors.contains(fmt::format("{}input_blocks.{}.0.op.weight", kUnet, i))) return i - 1;
  }
  return kMost;
}

int vae_blocks(const Tensors& tensors) {
  int count = 0;
  while (has_prefix(tensors, fmt::format("{}decoder.up.{}.", kVae, count))) ++count;
  return count;
}

// One third of the rows.
StoredTensor third(const StoredTensor& tensor, std::size_t index) {
  StoredTensor out = tensor;
  out.view.shape[0] /= 3;
  const std::size_t size = tensor.view.data.size() / 3;
  out.view.data = tensor.view.data.subspan(index * size, size);
  return out;
}

class Renamer {
 public:
  explicit Renamer(const io::SafetensorsFile& file)
      : mapping_(file.mapping()),
        layers_per_block_(layers_per_block(file.tensors())),
        vae_blocks_(vae_blocks(file.tensors())) {}

  // `name` is what follows the prefix of its part.
  void add(Layout layout, std::string_view name, const io::TensorView& view) {
    const StoredTensor tensor{view, mapping_};
    if (layout == Layout::open_clip && add_fused(name, tensor)) return;
    const std::size_t dot = std::min(name.rfind('.'), name.size());
    put(layer(layout, name.substr(0, dot)).append(name.substr(dot)), tensor);
  }

  StoredTensors tensors;
  std::string twice;  // a name that two tensors have got

 private:
  std::string layer(Layout layout, std::string_view original) const {
    switch (layout) {
      case Layout::unet:
        return unet_layer_from_original(original, layers_per_block_);
      case Layout::vae:
        return vae_layer_from_original(original, vae_blocks_);
      case Layout::open_clip:
        return text_layer_from_open_clip(original);
      case Layout::clip:
        break;
    }
    return std::string(original);  // saved by transformers
  }

  // What OpenCLIP stores otherwise: parameters without a layer, and query, key and value in one.
  bool add_fused(std::string_view name, StoredTensor tensor) {
    if (name == "positional_embedding") {
      put("text_model.embeddings.position_embedding.weight", tensor);
      return true;
    }
    if (name == "text_projection") {
      tensor.transposed = true;
      put("text_projection.weight", tensor);
      return true;
    }
    constexpr std::string_view kFused = "in_proj_";  // in_proj_weight, in_proj_bias
    const std::size_t at = name.rfind(kFused);
    const auto& shape = tensor.view.shape;
    if (at == std::string_view::npos || shape.empty() || shape[0] % 3 != 0) return false;
    const std::string_view kind = name.substr(at + kFused.size());
    std::size_t index = 0;
    for (const std::string_view projection : {"q_proj", "k_proj", "v_proj"}) {
      const std::string original = fmt::format("{}{}", name.substr(0, at), projection);
      put(fmt::format("{}.{}", text_layer_from_open_clip(original), kind), third(tensor, index++));
    }
    return true;
  }

  void put(const std::string& name, const StoredTensor& tensor) {
    if (!tensors.emplace(name, tensor).second) twice = name;
  }

  std::shared_ptr<const io::MappedFile> mapping_;
  int layers_per_block_, vae_blocks_;
};

Error invalid(std::string message) {
  return {ErrorCode::model_invalid, std::move(message), "model"};
}

}  // namespace

bool holds_checkpoint(const io::SafetensorsFile& file) {
  return has_prefix(file.tensors(), kUnet);
}

Result<Checkpoint> Checkpoint::from_file(io::SafetensorsFile file) {
  const auto has = [&](std::string_view prefix) { return has_prefix(file.tensors(), prefix); };
  if (!holds_checkpoint(file)) {
    return invalid(fmt::format(
        "the file is no checkpoint of Stable Diffusion 1, 2 or XL: it holds no tensor {}*", kUnet));
  }
  if (has(kXlSecond)) return Checkpoint(std::move(file), CheckpointKind::sdxl);
  if (has(kXlRefiner)) return invalid("the refiner of Stable Diffusion XL is not supported");
  if (has(kOpenClip)) return Checkpoint(std::move(file), CheckpointKind::sd2);
  if (has(kClip)) return Checkpoint(std::move(file), CheckpointKind::sd1);
  return invalid("the checkpoint holds a UNet and no text encoder of Stable Diffusion 1, 2 or XL");
}

std::int64_t Checkpoint::unet_in_channels() const {
  const auto found = file_.tensors().find(fmt::format("{}input_blocks.0.0.weight", kUnet));
  const bool known = found != file_.tensors().end() && found->second.shape.size() == 4;
  return known ? found->second.shape[1] : 0;
}

Result<WeightMap> Checkpoint::component(std::string_view name) const {
  Renamer renamer(file_);
  for (const Part& part : kParts) {
    if (part.component != name) continue;
    for (auto at = file_.tensors().lower_bound(part.prefix);
         at != file_.tensors().end() && at->first.starts_with(part.prefix); ++at) {
      renamer.add(part.layout, std::string_view(at->first).substr(part.prefix.size()), at->second);
    }
  }
  if (renamer.tensors.empty()) return invalid(fmt::format("the checkpoint holds no {}", name));
  if (!renamer.twice.empty()) {
    return invalid(fmt::format("{}: {} is in the checkpoint twice", name, io::printable(renamer.twice)));
  }
  return WeightMap::from_tensors(std::string(name), std::move(renamer.tensors));
}

}  // namespace sdw::models

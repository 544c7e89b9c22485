#include "models/lora.h"

#include <fmt/format.h>
#include <utility>

#include "io/printable.h"
#include "io/safetensors.h"
#include "models/lora_names.h"
#include "models/original_names.h"

namespace sdw::models {
namespace {

int layers_per_block(const WeightMap& unet) {
  int count = 0;
  while (unet.has(fmt::format("down_blocks.0.resnets.{}.conv1.weight", count))) ++count;
  return count;
}

std::int64_t elements_beyond_first(const std::vector<std::int64_t>& shape) {
  std::int64_t product = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

// Whether up [out, rank, ...] times down [rank, in, ...] has the elements of a weight [out, in, ...].
bool fits(const std::vector<std::int64_t>& down, const std::vector<std::int64_t>& up,
          const std::vector<std::int64_t>& weight) {
  if (down.size() < 2 || up.size() < 2 || weight.size() < 2 || down[0] <= 0) return false;
  return elements_beyond_first(up) == down[0] && up[0] == weight[0] &&
         elements_beyond_first(down) == elements_beyond_first(weight);
}

}  // namespace

Result<Lora> Lora::open(const std::filesystem::path& path) {
  const std::string label = path.filename().native();
  Result<io::SafetensorsFile> file = io::SafetensorsFile::open(path);
  if (!file) return file.error();
  std::vector<io::SafetensorsFile> files;
  files.push_back(std::move(file).value());
  Result<WeightMap> tensors = WeightMap::from_files(label, files);
  if (!tensors) return tensors.error();
  Lora lora;
  lora.label_ = label;
  for (const std::string& name : tensors->names()) {
    const auto parsed = parse_lora_name(name);
    if (!parsed) {
      return Error{
          ErrorCode::model_invalid,
          fmt::format("{}: {} is not a LoRA's tensor as known here", label, io::printable(name, 120)),
          "loras"};
    }
    Layer& layer = lora.layers_[parsed->component][parsed->layer];
    std::string& place = parsed->part == LoraPart::down ? layer.down
                         : parsed->part == LoraPart::up ? layer.up
                                                        : layer.alpha;
    if (!place.empty()) {
      return Error{ErrorCode::model_invalid,
                   fmt::format("{}: {} and {} are the same", label, io::printable(place, 120),
                               io::printable(name, 120)),
                   "loras"};
    }
    place = name;
  }
  lora.file_ = std::move(tensors).value();
  return lora;
}

Status Lora::add_to(std::string_view component, WeightMap& weights, double strength) {
  const auto found = layers_.find(std::string(component));
  if (found == layers_.end()) return ok_status();
  std::map<std::string, std::string> names;
  for (const std::string& name : weights.names()) names.emplace(flat_weight_name(name), name);
  const int layers = layers_per_block(weights);
  for (auto& [flat, layer] : found->second) {
    const auto target = names.find(unet_layer_from_original(flat, layers, '_'));
    if (target == names.end()) continue;
    const auto down = file_.shape_of(layer.down), up = file_.shape_of(layer.up),
               weight = weights.shape_of(target->second);
    if (!fits(down, up, weight)) {
      return Error{ErrorCode::model_invalid,
                   fmt::format("{}: {} does not fit the model's weight of that name", label_, flat), "loras"};
    }
    LowRankChange change{file_.take(layer.down, down), file_.take(layer.up, up), strength};
    if (!layer.alpha.empty()) {
      const at::Tensor alpha = file_.take(layer.alpha, file_.shape_of(layer.alpha));
      if (alpha.defined() && alpha.numel() == 1) {
        change.scale *= alpha.item().toDouble() / static_cast<double>(down[0]);
      }
    }
    if (Status status = file_.status(); !status) return status;
    weights.add_change(target->second, std::move(change));
    layer.used = true;
  }
  return ok_status();
}

Status Lora::all_used() const {
  for (const auto& [component, layers] : layers_) {
    for (const auto& [flat, layer] : layers) {
      if (layer.used) continue;
      return Error{ErrorCode::model_invalid,
                   fmt::format("{} is for another model: this one has no {} in its {}", label_,
                               io::printable(flat, 120), component),
                   "loras"};
    }
  }
  return ok_status();
}

}  // namespace sdw::models

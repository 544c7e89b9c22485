#include "models/clip_text_config.h"

#include <algorithm>
#include <fmt/format.h>

#include "io/printable.h"
#include "models/config_reader.h"

namespace sdw::models {
namespace {

ops::Activation parse_activation(ConfigReader& reader) {
  const std::string name = reader.string("hidden_act", "quick_gelu");
  if (name == "quick_gelu") return ops::Activation::quick_gelu;
  if (name == "gelu") return ops::Activation::gelu;
  reader.fail("hidden_act", fmt::format("expected \"quick_gelu\" or \"gelu\", got {}", io::printable(name)));
  return ops::Activation::quick_gelu;
}

}  // namespace

Result<ClipTextConfig> parse_clip_text_config(const nlohmann::json& config, const std::string& file) {
  // The config of a whole CLIP model carries the text half inside.
  const bool whole = config.is_object() && config.value("model_type", nlohmann::json()) == "clip" &&
                     config.contains("text_config") && config["text_config"].is_object();
  ConfigReader outer(file, config);
  ConfigReader reader(file, whole ? config["text_config"] : config);
  ClipTextConfig out;
  out.vocab_size = reader.integer("vocab_size", out.vocab_size, 1, 1 << 20);
  out.hidden_size = reader.integer("hidden_size", out.hidden_size, 1, 1 << 14);
  out.intermediate_size = reader.integer("intermediate_size", out.intermediate_size, 1, 1 << 17);
  out.num_hidden_layers = reader.integer("num_hidden_layers", out.num_hidden_layers, 1, 128);
  out.num_attention_heads = reader.integer("num_attention_heads", out.num_attention_heads, 1, 1024);
  out.max_position_embeddings =
      reader.integer("max_position_embeddings", out.max_position_embeddings, 1, 1 << 16);
  out.projection_dim = reader.integer("projection_dim", out.projection_dim, 1, 1 << 16);
  out.eos_token_id = reader.integer("eos_token_id", out.eos_token_id, 0, 1 << 20);
  out.layer_norm_eps = reader.number("layer_norm_eps", out.layer_norm_eps, 0, 1);
  out.hidden_act = parse_activation(reader);
  const std::vector<std::string> architectures = outer.strings("architectures", {});
  out.with_projection =
      std::ranges::find(architectures, "CLIPTextModelWithProjection") != architectures.end();
  if (out.hidden_size % out.num_attention_heads != 0) {
    reader.fail("num_attention_heads", fmt::format("{} heads do not divide hidden_size {}",
                                                   out.num_attention_heads, out.hidden_size));
  }
  if (Status status = outer.status(); !status) return status.error();
  if (Status status = reader.status(); !status) return status.error();
  return out;
}

}  // namespace sdw::models

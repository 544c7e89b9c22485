#include <fmt/format.h>

#include "models/clip_text.h"
#include "models/layers.h"
#include "models/load_tasks.h"
#include "ops/prepared_weight.h"

namespace sdw::models {
namespace {

ClipEncoderLayer load_layer(WeightMap& weights, const std::string& prefix, const ClipTextConfig& config,
                            const ops::Placement& where) {
  const std::int64_t width = config.hidden_size;
  const auto projection = [&](const char* name) {
    return load_linear(weights, prefix + ".self_attn." + name, width, width, Bias::present, where);
  };
  const auto norm = [&](const char* name) {
    return load_norm(weights, prefix + name, width, config.layer_norm_eps, 0, where);
  };
  ClipEncoderLayer layer;
  layer.layer_norm1 = norm(".layer_norm1");
  layer.self_attn = {projection("q_proj"), projection("k_proj"), projection("v_proj"),
                     projection("out_proj")};
  layer.layer_norm2 = norm(".layer_norm2");
  layer.mlp.fc1 =
      load_linear(weights, prefix + ".mlp.fc1", width, config.intermediate_size, Bias::present, where);
  layer.mlp.fc2 =
      load_linear(weights, prefix + ".mlp.fc2", config.intermediate_size, width, Bias::present, where);
  return layer;
}

}  // namespace

ClipTextEncoder load_clip_text(WeightMap& weights, const ClipTextConfig& config,
                               const ops::Placement& where) {
  const std::string prefix = weights.has("text_model.embeddings.token_embedding.weight")
                                 ? "text_model."
                                 : "";  // transformers 5 has none
  LoadTasks tasks;
  ClipTextEncoder encoder;
  encoder.config = config;
  encoder.where = where;
  const at::Tensor table =
      weights.take(prefix + "embeddings.token_embedding.weight", {config.vocab_size, config.hidden_size});
  ops::Placement kept = where;
  // Few rows are ever read.
  if (table.defined() && at::isReducedFloatingType(table.scalar_type())) kept.dtype = table.scalar_type();
  encoder.token_embedding = ops::prepared_copy(table, kept);
  encoder.position_embedding =
      ops::prepared_copy(weights.take(prefix + "embeddings.position_embedding.weight",
                                      {config.max_position_embeddings, config.hidden_size}),
                         where);
  weights.ignore(prefix + "embeddings.position_ids");
  encoder.layers.resize(static_cast<std::size_t>(config.num_hidden_layers));
  for (std::size_t i = 0; i < encoder.layers.size(); ++i) {
    tasks.add(encoder.layers[i], [&, i] {
      return load_layer(weights, fmt::format("{}encoder.layers.{}", prefix, i), config, where);
    });
  }
  tasks.run(weights.mode());
  encoder.final_layer_norm =
      load_norm(weights, prefix + "final_layer_norm", config.hidden_size, config.layer_norm_eps, 0, where);
  if (config.with_projection) {
    encoder.text_projection =
        load_linear(weights, "text_projection", config.hidden_size, config.projection_dim, Bias::none, where);
  }
  return encoder;
}

}  // namespace sdw::models

// Groups tokens, merges them and puts them back:
//   probe_token_merging INPUT OUTPUT
// INPUT holds tokens [B, N, C], size [2] (height, width), ratio [1] and seeds [B]; OUTPUT gets group [B, N],
// merged [B, M, C] and unmerged [B, N, C], on top of the tokens.

#include "ops/token_merging.h"
#include "parity/tensor_file.h"

int main(int argc, char** argv) {
  using namespace sdw;
  if (argc < 3) return 2;
  const probe::Tensors inputs = probe::read_tensors(argv[1]);
  const at::Tensor tokens = inputs.at("tokens"), size = inputs.at("size"), seeds = inputs.at("seeds");
  const std::vector<std::uint64_t> seed_of_row(seeds.const_data_ptr<std::int64_t>(),
                                               seeds.const_data_ptr<std::int64_t>() + seeds.numel());
  const ops::TokenGroups groups =
      ops::group_tokens(tokens, size[0].item<std::int64_t>(), size[1].item<std::int64_t>(),
                        inputs.at("ratio").item<double>(), seed_of_row);
  const at::Tensor merged = ops::merge_tokens(tokens, groups);
  probe::write_tensors(
      argv[2],
      {{"group", groups.group}, {"merged", merged}, {"unmerged", ops::unmerge_add(merged, groups, tokens)}});
  return 0;
}

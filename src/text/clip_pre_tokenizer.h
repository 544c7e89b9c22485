#pragma once

#include <string_view>
#include <vector>

namespace sdw::text {

// CLIP's pre-tokenizer in transformers: the pieces of normalized text that BPE sees one by one (views into
// `text`): contractions, runs of letters, single numbers, runs of anything else that is not white space,
// which is dropped.
std::vector<std::string_view> split_for_clip(std::string_view text);

}  // namespace sdw::text

#include "text/clip_tokenizer_files.h"

#include <unordered_set>

#include "io/json.h"
#include "io/printable.h"
#include "io/regular_file.h"
#include "text/unicode.h"

namespace sdw::text {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr TokenId kMaxTokenId = (1 << 24) - 1;      // CLIP's own vocabulary ends at 49407
constexpr std::size_t kMaxMergesBytes = 16U << 20;  // CLIP's own file has half a megabyte
constexpr auto kTokenizerJson = "tokenizer.json";
constexpr auto kVocabJson = "vocab.json";
constexpr auto kMergesTxt = "merges.txt";

Error invalid(const std::string& message) {
  return {ErrorCode::model_invalid, message};
}

Error in_file(Error error, const std::string& name) {
  error.message = name + ": " + error.message;
  error.param = name;
  return error;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<Vocabulary> parse_vocabulary(const json& object) {
  if (!object.is_object()) {
    return invalid(std::string("the vocabulary is not an object but ") + object.type_name());
  }
  Vocabulary vocabulary;
  std::unordered_set<TokenId> ids;
  vocabulary.reserve(object.size());
  ids.reserve(object.size());
  for (const auto& [token, value] : object.items()) {
    const auto id = parse_token_id(value, token);
    if (!id) return id.error();
    if (!ids.insert(*id).second) {
      return invalid("id " + std::to_string(*id) + " of token " + io::printable(token) +
                     " belongs to another token too");
    }
    vocabulary.emplace(token, *id);
  }
  return vocabulary;
}

// One merge of a text file or of an older tokenizer.json: two tokens and one space between them.
bool parse_merge(std::string_view line, Merges& merges) {
  const std::size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == line.size()) return false;
  if (line.find(' ', space + 1) != std::string_view::npos) return false;
  merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  return true;
}

Result<Merges> parse_merges_array(const json& array) {
  if (!array.is_array()) return invalid(std::string("model.merges is not an array but ") + array.type_name());
  Merges merges;
  merges.reserve(array.size());
  for (const json& entry : array) {
    const bool pair = entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string();
    if (pair) {
      merges.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
    } else if (!entry.is_string() || !parse_merge(entry.get_ref<const std::string&>(), merges)) {
      return invalid("model.merges[" + std::to_string(merges.size()) + "] is not a pair of tokens");
    }
  }
  return merges;
}

Result<ClipTokenizerModel> parse_tokenizer_json(json root) {
  if (!root.is_object() || !root.contains("model") || !root["model"].is_object()) {
    return invalid("has no object \"model\"");
  }
  json& model = root["model"];
  if (const auto type = model.value("type", json()); type != nullptr && type != "BPE") {
    return invalid("model.type is not \"BPE\" but " + io::printable(type.dump()));
  }
  auto vocabulary = parse_vocabulary(model["vocab"]);
  if (!vocabulary) return vocabulary.error();
  auto merges = parse_merges_array(model["merges"]);
  if (!merges) return merges.error();
  json added = root.value("added_tokens", json::array());
  if (!added.is_array()) return invalid("added_tokens is not an array");
  return ClipTokenizerModel{std::move(*vocabulary), std::move(*merges), std::move(added)};
}

Result<Merges> read_merges(const fs::path& path) {
  auto bytes = io::read_file(path, kMaxMergesBytes);
  if (!bytes) {
    const bool absent = bytes.error().code == ErrorCode::not_found;
    return Error{absent ? ErrorCode::model_not_found : ErrorCode::model_invalid, bytes.error().message};
  }
  return parse_merges({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

}  // namespace

Result<TokenId> parse_token_id(const json& value, std::string_view token) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxTokenId)) {
    return invalid("the id of token " + io::printable(token) + " is not an integer from 0 to " +
                   std::to_string(kMaxTokenId) + " but " + io::printable(value.dump()));
  }
  return value.get<TokenId>();
}

Result<Merges> parse_merges(std::string_view text) {
  Merges merges;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_valid_utf8(line)) return invalid("line " + std::to_string(number) + " is not UTF-8");
    if (line.starts_with("#version")) continue;
    if (!parse_merge(line, merges)) {
      return invalid("line " + std::to_string(number) +
                     " is not two tokens with a space between: " + io::printable(line));
    }
  }
  return merges;
}

Result<json> read_optional_object(const fs::path& folder, const std::string& name) {
  if (!is_there(folder / name)) return json::object();
  auto value = io::read_json_file(folder / name);
  if (!value) return in_file(value.error(), name);
  if (!value->is_object()) return in_file(invalid("is not a JSON object"), name);
  return value;
}

Result<ClipTokenizerModel> read_clip_tokenizer_model(const fs::path& folder) {
  if (is_there(folder / kTokenizerJson)) {
    auto root = io::read_json_file(folder / kTokenizerJson);
    if (!root) return in_file(root.error(), kTokenizerJson);
    auto model = parse_tokenizer_json(std::move(*root));
    if (!model) return in_file(model.error(), kTokenizerJson);
    return model;
  }
  auto object = io::read_json_file(folder / kVocabJson);
  if (!object) return in_file(object.error(), kVocabJson);
  auto vocabulary = parse_vocabulary(*object);
  if (!vocabulary) return in_file(vocabulary.error(), kVocabJson);
  auto merges = read_merges(folder / kMergesTxt);
  if (!merges) return in_file(merges.error(), kMergesTxt);
  return ClipTokenizerModel{std::move(*vocabulary), std::move(*merges)};
}

}  // namespace sdw::text

#include "text/clip_tokenizer_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "io/printable.h"
#include "text/clip_tokenizer_files.h"

namespace sdw::text {
namespace {

using nlohmann::json;

constexpr std::size_t kMinLength = 3;     // start, one token, end
constexpr std::size_t kMaxLength = 4096;  // more is a mistake: CLIP has 77 positions
constexpr std::size_t kMaxAddedTokens = 10'000;
// In the order transformers registers them.
constexpr std::array<const char*, 7> kNames = {"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};
using NamedTokens = std::map<std::string, AddedToken, std::less<>>;
using TokensById = std::map<TokenId, AddedToken>;

[[noreturn]] void fail(const std::string& message) {
  throw ErrorException({ErrorCode::model_invalid, message});
}

AddedToken special_token(const std::string& content) {
  return {.content = content, .id = -1};
}

bool read_flag(const json& object, const char* name, bool fallback) {
  const auto found = object.find(name);
  if (found == object.end()) return fallback;
  if (!found->is_boolean()) fail(std::string("\"") + name + "\" of an added token is not a boolean");
  return found->get<bool>();
}

AddedToken read_token_object(const json& object, std::optional<bool> special) {
  const auto content = object.is_object() ? object.find("content") : object.end();
  if (content == object.end() || !content->is_string()) {
    fail("an added token has no string \"content\": " + io::printable(object.dump()));
  }
  AddedToken token = special_token(content->get<std::string>());
  token.special = special.value_or(read_flag(object, "special", false));
  token.single_word = read_flag(object, "single_word", false);
  token.lstrip = read_flag(object, "lstrip", false);
  token.rstrip = read_flag(object, "rstrip", false);
  token.normalized = read_flag(object, "normalized", !token.special);
  return token;
}

// A named token, as a string or an object.
AddedToken read_token(const std::string& name, const json& value, std::optional<bool> special) {
  if (value.is_string()) return special_token(value.get<std::string>());
  if (!value.is_object()) fail(name + " is neither a string nor an object");
  return read_token_object(value, special);
}

void read_named(const json& object, std::optional<bool> special, NamedTokens& named) {
  for (const std::string name : kNames) {
    const auto found = object.find(name);
    if (found == object.end()) continue;
    named.erase(name);
    if (!found->is_null()) named[name] = read_token(name, *found, special);
  }
}

// Tokens without a name of their own.
std::vector<AddedToken> read_extra(const json& object) {
  std::vector<AddedToken> tokens;
  for (const std::string key : {"extra_special_tokens", "additional_special_tokens"}) {
    const auto found = object.find(key);
    if (found == object.end() || found->empty()) continue;
    if (!found->is_array() && !found->is_object()) fail(key + " is neither an array nor an object");
    for (const json& value : *found) tokens.push_back(read_token(key, value, true));
    break;
  }
  return tokens;
}

void add_with_id(TokenId id, AddedToken token, TokensById& tokens) {
  token.id = id;
  tokens[id] = std::move(token);
}

TokensById read_decoder(const json& decoder) {
  if (!decoder.is_object()) fail("added_tokens_decoder is not an object");
  TokensById tokens;
  for (const auto& [key, value] : decoder.items()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
    if (error != std::errc() || end != key.data() + key.size()) {
      fail("added_tokens_decoder has the key " + io::printable(key) + ", which is not a token id");
    }
    add_with_id(value_or_throw(parse_token_id(number, key)), read_token_object(value, std::nullopt), tokens);
  }
  return tokens;
}

bool is_named(const AddedToken& token, const NamedTokens& named) {
  return std::any_of(named.begin(), named.end(),
                     [&](const auto& entry) { return entry.second.content == token.content; });
}

TokensById read_legacy(const json& added, const json& model_added, const NamedTokens& named) {
  TokensById tokens;
  for (const auto& [content, id] : added.items()) {
    AddedToken token = special_token(content);
    token.special = is_named(token, named);
    token.normalized = !token.special;
    add_with_id(value_or_throw(parse_token_id(id, content)), token, tokens);
  }
  for (const json& value : model_added) {
    AddedToken token = read_token_object(value, std::nullopt);
    const TokenId id = value_or_throw(parse_token_id(value.value("id", json()), token.content));
    add_with_id(id, std::move(token), tokens);
  }
  return tokens;
}

std::size_t read_max_length(const json& config, std::size_t fallback) {
  const auto found = config.find(config.contains("model_max_length") ? "model_max_length" : "max_len");
  // transformers writes 1e30 for "not known".
  if (found == config.end() || found->is_null() || (found->is_number() && found->get<double>() >= 1e29)) {
    return fallback;
  }
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() < kMinLength ||
      found->get<std::uint64_t>() > kMaxLength) {
    fail("model_max_length is not an integer from " + std::to_string(kMinLength) + " to " +
         std::to_string(kMaxLength) + " but " + io::printable(found->dump()));
  }
  return found->get<std::size_t>();
}

void refuse_left_side(const json& config) {
  for (const char* key : {"padding_side", "truncation_side"}) {
    if (config.contains(key) && config[key] != "right") {
      fail(std::string(key) + " other than \"right\" is not supported");
    }
  }
}

std::vector<AddedToken> in_order_of_registration(const TokensById& declared, const NamedTokens& named,
                                                 const std::vector<AddedToken>& extra) {
  if (const std::size_t count = declared.size() + extra.size(); count > kMaxAddedTokens) {
    fail(std::to_string(count) + " added tokens are more than " + std::to_string(kMaxAddedTokens));
  }
  std::vector<AddedToken> order;
  for (const auto& [id, token] : declared) order.push_back(token);
  const auto add = [&](const AddedToken& token) {
    const auto same = [&](const auto& entry) { return entry.second.content == token.content; };
    if (std::none_of(declared.begin(), declared.end(), same)) order.push_back(token);
  };
  for (const char* name : kNames) {
    if (const auto found = named.find(name); found != named.end()) add(found->second);
  }
  for (AddedToken& token : order) token.special |= is_named(token, named);
  for (const AddedToken& token : extra) add(token);
  std::erase_if(order, [](const AddedToken& token) { return token.content.empty(); });
  return order;
}

ClipTokenizerSettings combine(const ClipTokenizerSettingsSources& sources) {
  ClipTokenizerSettings settings;
  refuse_left_side(sources.config);
  settings.max_length = read_max_length(sources.config, settings.max_length);

  NamedTokens named = {{"bos_token", special_token(settings.start)},
                       {"eos_token", special_token(settings.end)},
                       {"unk_token", special_token(settings.unknown)},
                       {"pad_token", special_token(settings.pad)}};
  read_named(sources.config, std::nullopt, named);
  std::vector<AddedToken> extra = read_extra(sources.config);
  TokensById declared;
  if (sources.config.contains("added_tokens_decoder")) {
    declared = read_decoder(sources.config["added_tokens_decoder"]);
  } else {
    read_named(sources.special_tokens_map, true, named);
    const auto more = read_extra(sources.special_tokens_map);
    extra.insert(extra.end(), more.begin(), more.end());
    declared = read_legacy(sources.legacy_added, sources.model_added, named);
  }

  settings.added = in_order_of_registration(declared, named, extra);
  const auto content_of = [&](const char* name) {
    const auto found = named.find(name);
    if (found == named.end() || found->second.content.empty()) fail(std::string("there is no ") + name);
    return found->second.content;
  };
  settings.start = content_of("bos_token");
  settings.end = content_of("eos_token");
  settings.unknown = content_of("unk_token");
  settings.pad = content_of("pad_token");
  return settings;
}

}  // namespace

Result<ClipTokenizerSettings> combine_settings(const ClipTokenizerSettingsSources& sources) {
  try {
    return combine(sources);
  } catch (const ErrorException& failure) {
    return failure.error();
  }
}

}  // namespace sdw::text

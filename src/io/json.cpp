#include "io/json.h"

#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "io/printable.h"
#include "io/regular_file.h"

namespace sdw::io {
namespace {

using nlohmann::json;

// Receives the parser's events, builds the value, and stops at the first broken rule.
class StrictBuilder {
 public:
  explicit StrictBuilder(const JsonLimits& limits) : limits_(limits) {}

  json take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

  bool null() { return add(nullptr) != nullptr; }
  bool boolean(bool value) { return add(value) != nullptr; }
  bool number_integer(std::int64_t value) { return add(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) { return add(value) != nullptr; }
  bool number_float(double value, const std::string&) { return add(value) != nullptr; }
  bool string(std::string& value) { return add(std::move(value)) != nullptr; }
  bool binary(json::binary_t&) { return false; }  // not reachable from text
  bool start_object(std::size_t) { return open(json::object()); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    auto [place, added] = open_.back()->get_ref<json::object_t&>().try_emplace(std::move(name));
    if (!added) return stop(fmt::format("the key {} appears twice in one object", printable(place->first)));
    member_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    return stop(fmt::format("malformed JSON at byte {}", position));
  }

 private:
  bool stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  // The value's place in the tree, or null where it is one too many.
  json* add(json value) {
    if (++count_ > limits_.max_values) {
      stop(fmt::format("more than {} values", limits_.max_values));
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& elements = open_.back()->get_ref<json::array_t&>();
      return &elements.emplace_back(std::move(value));
    }
    *member_ = std::move(value);
    return member_;
  }

  bool open(json value) {
    if (open_.size() >= static_cast<std::size_t>(limits_.max_depth)) {
      return stop(fmt::format("nested deeper than {} levels", limits_.max_depth));
    }
    json* place = add(std::move(value));
    if (place == nullptr) return false;
    open_.push_back(place);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  json root_;
  std::vector<json*> open_;  // no container grows while one inside it is open, so these stay valid
  json* member_ = nullptr;
  std::size_t count_ = 0;
  std::string problem_;
};

}  // namespace

Result<json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("{} bytes of JSON; at most {} are read", text.size(), limits.max_bytes)};
  }
  // The parser skips a byte order mark and takes a NUL for the end, whatever follows it.
  if (text.starts_with("\xEF\xBB\xBF")) {
    return Error{ErrorCode::malformed_json, "begins with a byte order mark"};
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return Error{ErrorCode::malformed_json, fmt::format("a NUL byte at byte {}", nul + 1)};
  }
  StrictBuilder builder(limits);
  if (!json::sax_parse(text, &builder)) return Error{ErrorCode::malformed_json, builder.problem()};
  return builder.take();
}

Result<json> read_json_file(const std::filesystem::path& path, const JsonLimits& limits) {
  const std::string name = path.filename().string();
  Result<std::vector<std::byte>> bytes = read_file(path, limits.max_bytes);
  if (!bytes) {
    const bool missing = bytes.error().code == ErrorCode::not_found;
    return Error{missing ? ErrorCode::model_not_found : ErrorCode::model_invalid, bytes.error().message,
                 name};
  }
  Result<json> value = parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, limits);
  if (value) return value;
  return Error{ErrorCode::model_invalid, fmt::format("{}: {}", printable(name), value.error().message), name};
}

}  // namespace sdw::io

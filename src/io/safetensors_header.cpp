#include "io/safetensors_header.h"

#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "io/printable.h"

namespace sdw::io {
namespace {

using nlohmann::json;

// Far above any real file (a full SDXL checkpoint has 2,600 tensors, the largest LoRA metadata a few
// megabytes).
constexpr std::size_t kMaxTensors = 200'000;
constexpr std::size_t kMaxRank = 16;
constexpr std::size_t kMaxMetadataEntries = 100'000;
constexpr std::size_t kMaxMetadataBytes = 32 << 20;
constexpr int kMaxIgnoredDepth = 64;

constexpr std::string_view kMetadataKey = "__metadata__";

// Receives the JSON parser's events. Each event is legal in a few states only; any other is an error.
class HeaderReader {
 public:
  SafetensorsHeader take() { return std::move(header_); }
  const std::string& problem() const { return problem_; }

  bool null() {
    if (state_ == State::metadata_value) return to(State::top);
    return ignored_scalar();
  }
  bool boolean(bool) { return ignored_scalar(); }
  bool number_float(double, const std::string&) { return ignored_scalar(); }
  // The parser calls this for numbers with a minus sign only.
  bool number_integer(std::int64_t) { return ignored_scalar(); }
  bool binary(json::binary_t&) { return false; }  // not reachable from text

  bool number_unsigned(std::uint64_t value) {
    switch (state_) {
      case State::shape:
        if (entry_.shape.size() == kMaxRank) {
          return tensor_problem(fmt::format("has more than {} dimensions", kMaxRank));
        }
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
          return tensor_problem(fmt::format("has the impossible dimension {}", value));
        }
        entry_.shape.push_back(static_cast<std::int64_t>(value));
        return true;
      case State::offsets:
        if (offsets_seen_ == 2) return tensor_problem("has more than two data_offsets");
        (offsets_seen_++ == 0 ? entry_.begin : entry_.end) = value;
        return true;
      default:
        return ignored_scalar();
    }
  }

  bool string(std::string& value) {
    if (state_ == State::dtype) {
      entry_.dtype = Dtype{};
      const std::optional<Dtype> dtype = dtype_from_name(value);
      if (!dtype) {
        return tensor_problem(
            fmt::format("has the element type {}, which is not supported", printable(value)));
      }
      entry_.dtype = *dtype;
      return to(State::tensor);
    }
    if (state_ == State::metadata_entry) return add_metadata(value);
    return ignored_scalar();
  }

  bool key(std::string& name) {
    switch (state_) {
      case State::top:
        if (name == kMetadataKey) {
          if (std::exchange(metadata_seen_, true)) return stop("__metadata__ appears twice");
          return to(State::metadata_value);
        }
        name_ = std::move(name);
        return to(State::tensor_value);
      case State::metadata:
        name_ = std::move(name);
        return to(State::metadata_entry);
      case State::tensor:
        if (name == "dtype") return field(dtype_seen_, State::dtype);
        if (name == "shape") return field(shape_seen_, State::shape_value);
        if (name == "data_offsets") return field(data_offsets_seen_, State::offsets_value);
        return to(State::ignored);
      default:
        return state_ == State::ignored;
    }
  }

  bool start_object(std::size_t) {
    switch (state_) {
      case State::start:
        return to(State::top);
      case State::metadata_value:
        return to(State::metadata);
      case State::tensor_value:
        entry_ = {};
        dtype_seen_ = shape_seen_ = data_offsets_seen_ = false;
        offsets_seen_ = 0;
        return to(State::tensor);
      default:
        return open_ignored();
    }
  }

  bool end_object() {
    switch (state_) {
      case State::top:
        return to(State::end);
      case State::metadata:
        return to(State::top);
      case State::tensor:
        return add_tensor();
      default:
        return close_ignored();
    }
  }

  bool start_array(std::size_t) {
    if (state_ == State::shape_value) return to(State::shape);
    if (state_ == State::offsets_value) return to(State::offsets);
    return open_ignored();
  }

  bool end_array() {
    if (state_ == State::shape) return to(State::tensor);
    if (state_ == State::offsets) {
      return offsets_seen_ == 2 ? to(State::tensor) : tensor_problem("has fewer than two data_offsets");
    }
    return close_ignored();
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    return stop(fmt::format("the header is malformed JSON at its byte {}", position));
  }

 private:
  enum class State {
    start,
    top,             // between the tensors
    metadata_value,  // before the value of __metadata__
    metadata,        // in it, before a key
    metadata_entry,  // in it, before a value
    tensor_value,    // before the value of a tensor's name
    tensor,          // in it, before a key
    dtype,           // before its value
    shape_value,
    shape,  // in the array
    offsets_value,
    offsets,  // in the array
    ignored,  // at or in the value of a tensor's key that the format does not know
    end,
  };

  bool to(State next) {
    state_ = next;
    return true;
  }

  bool stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool tensor_problem(std::string_view problem) {
    return stop(fmt::format("tensor {} {}", printable(name_), problem));
  }

  // What is wrong when a value of the wrong kind comes.
  bool misplaced() {
    switch (state_) {
      case State::start:
        return stop("the header is not a JSON object");
      case State::metadata_value:
        return stop("__metadata__ is not an object");
      case State::metadata_entry:
        return stop(fmt::format("__metadata__ holds {}, which is not a string", printable(name_)));
      case State::tensor_value:
        return tensor_problem("is not described by an object");
      case State::dtype:
        return tensor_problem("has a dtype that is not a string");
      case State::shape_value:
      case State::shape:
        return tensor_problem("has a shape that is not a list of whole numbers from 0");
      case State::offsets_value:
      case State::offsets:
        return tensor_problem("has data_offsets that are not two whole numbers from 0");
      default:
        return stop("the header is malformed");
    }
  }

  bool ignored_scalar() {
    if (state_ != State::ignored) return misplaced();
    return ignored_depth_ > 0 || to(State::tensor);
  }

  bool open_ignored() {
    if (state_ != State::ignored) return misplaced();
    if (++ignored_depth_ > kMaxIgnoredDepth) return stop("the header is nested too deeply");
    return true;
  }

  bool close_ignored() {
    if (state_ != State::ignored) return misplaced();
    return --ignored_depth_ > 0 || to(State::tensor);
  }

  bool field(bool& seen, State next) {
    if (std::exchange(seen, true)) return tensor_problem("has the same field twice");
    return to(next);
  }

  bool add_metadata(std::string& value) {
    metadata_bytes_ += name_.size() + value.size();
    if (metadata_bytes_ > kMaxMetadataBytes) {
      return stop(fmt::format("__metadata__ has more than {} bytes", kMaxMetadataBytes));
    }
    if (header_.metadata.size() == kMaxMetadataEntries) {
      return stop(fmt::format("__metadata__ has more than {} entries", kMaxMetadataEntries));
    }
    const auto [place, added] = header_.metadata.try_emplace(std::move(name_), std::move(value));
    if (!added) return stop(fmt::format("__metadata__ has the key {} twice", printable(place->first)));
    return to(State::metadata);
  }

  bool add_tensor() {
    if (!dtype_seen_) return tensor_problem("has no dtype");
    if (!shape_seen_) return tensor_problem("has no shape");
    if (!data_offsets_seen_) return tensor_problem("has no data_offsets");
    if (header_.tensors.size() == kMaxTensors) return stop(fmt::format("more than {} tensors", kMaxTensors));
    const auto [place, added] = header_.tensors.try_emplace(std::move(name_), std::move(entry_));
    if (!added) return stop(fmt::format("tensor {} appears twice", printable(place->first)));
    return to(State::top);
  }

  SafetensorsHeader header_;
  State state_ = State::start;
  std::string name_;  // of the tensor or metadata entry being read
  TensorEntry entry_;
  bool metadata_seen_ = false;
  bool dtype_seen_ = false;
  bool shape_seen_ = false;
  bool data_offsets_seen_ = false;
  int offsets_seen_ = 0;
  int ignored_depth_ = 0;
  std::size_t metadata_bytes_ = 0;
  std::string problem_;
};

}  // namespace

Result<SafetensorsHeader> parse_safetensors_header(std::string_view text) {
  if (!text.starts_with('{')) return Error{ErrorCode::model_invalid, "the header does not begin with '{'"};
  // The JSON parser takes a NUL for the end, whatever follows it.
  if (text.find('\0') != std::string_view::npos) {
    return Error{ErrorCode::model_invalid, "the header holds a NUL byte"};
  }
  HeaderReader reader;
  if (!json::sax_parse(text, &reader)) return Error{ErrorCode::model_invalid, reader.problem()};
  return reader.take();
}

}  // namespace sdw::io

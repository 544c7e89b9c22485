#include "contract/field_values.h"

#include <algorithm>

namespace sdw::contract {
namespace {

using request::FieldInfo;
using request::FieldKind;

template <class Number>
void check(FieldReader& reader, const FieldInfo& field, const std::optional<Number>& value) {
  if (!value) return;
  if (const Status status = check_number(field, static_cast<double>(*value)); !status) {
    reader.fail(status.error());
  }
}

}  // namespace

FieldInfo limited(const FieldInfo& field, const Limits& limits) {
  FieldInfo own = field;
  const auto lower = [&own](std::string_view name, double limit) {
    if (own.name == name) own.high = std::min(own.high, limit);
  };
  lower("steps", limits.steps);
  lower("count", limits.count);
  lower("timeout_s", limits.timeout_s);
  if (own.kind == FieldKind::prompt) own.high = static_cast<double>(limits.prompt_bytes);
  return own;
}

void read_value(FieldReader& reader, const FieldInfo& field, std::optional<int>& value) {
  value = reader.integer(field.name);
  check(reader, field, value);
}

void read_value(FieldReader& reader, const FieldInfo& field, std::optional<double>& value) {
  value = reader.number(field.name);
  check(reader, field, value);
}

void read_value(FieldReader& reader, const FieldInfo& field, std::optional<std::uint64_t>& value) {
  value = reader.seed(field.name);
}

void read_value(FieldReader& reader, const FieldInfo& field, std::optional<std::string>& value) {
  value = reader.text(field.name, static_cast<std::size_t>(field.high));
}

void read_value(FieldReader& reader, const FieldInfo& field, int& value) {
  const std::optional<int> sent = reader.integer(field.name);
  check(reader, field, sent);
  value = sent.value_or(value);
}

void read_value(FieldReader& reader, const FieldInfo& field, bool& value) {
  value = reader.boolean(field.name).value_or(value);
}

void read_value(FieldReader& reader, const FieldInfo& field, std::string& value) {
  const std::optional<std::string> sent = reader.text(field.name, kShortText);
  if (!sent) return;
  if (field.canonical == nullptr) {
    value = *sent;
  } else if (Result<std::string> id = field.canonical(*sent)) {
    value = *std::move(id);
  } else {
    reader.fail(id.error());
  }
}

}  // namespace sdw::contract

#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <type_traits>

#include "contract/field_reader.h"
#include "contract/limits.h"
#include "request/field.h"

namespace sdw::contract {

inline constexpr std::size_t kShortText = 1024;  // bytes of an id or a name

// The field with the operator's limit in the place of its own where that is lower.
request::FieldInfo limited(const request::FieldInfo& field, const Limits& limits);

// One field's value out of `reader` into the owner's member. What is wrong is left in `reader`.
void read_value(FieldReader& reader, const request::FieldInfo& field, std::optional<int>& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, std::optional<double>& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, std::optional<std::uint64_t>& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, std::optional<std::string>& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, int& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, bool& value);
void read_value(FieldReader& reader, const request::FieldInfo& field, std::string& value);

// All fields that `operation` honours.
template <class Owner>
void read_fields(FieldReader& reader, std::span<const request::Field<Owner>> fields,
                 request::Operation operation, const Limits& limits, Owner& owner) {
  for (const request::Field<Owner>& field : fields) {
    if ((field.info.operations & request::only(operation)) == 0) continue;
    const auto read = [&](const auto member) {
      if constexpr (requires { owner.*member; })
        read_value(reader, limited(field.info, limits), owner.*member);
    };
    std::visit(read, field.member);
  }
}

// The fields of `owner` that are set, as members of `object`; those with a fixed default always.
template <class Owner>
void write_fields(nlohmann::json& object, std::span<const request::Field<Owner>> fields, const Owner& owner) {
  for (const request::Field<Owner>& field : fields) {
    const auto write = [&](const auto member) {
      if constexpr (requires { owner.*member; }) {
        const auto& value = owner.*member;
        auto& out = object;
        const std::string name(field.info.name);
        if constexpr (requires { value.has_value(); }) {
          if (value) out[name] = *value;
        } else if constexpr (std::is_same_v<decltype(value), const std::string&>) {
          if (!value.empty()) out[name] = value;
        } else if (field.info.kind != request::FieldKind::flag || value) {
          out[name] = value;
        }
      }
    };
    std::visit(write, field.member);
  }
}

}  // namespace sdw::contract

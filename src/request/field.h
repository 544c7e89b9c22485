#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "request/names.h"
#include "request/operation.h"
#include "support/result.h"

namespace sdw::request {

enum class FieldKind {
  integer,
  number,
  flag,
  seed,    // an unsigned 64-bit integer; -1 counts as absent
  id,      // short text
  prompt,  // long text
  name,    // one of `FieldInfo::names`
  other,   // read and written by hand: operation, pictures, LoRAs
};

using Operations = unsigned;  // a bit for each Operation
constexpr Operations only(Operation operation) {
  return 1u << static_cast<unsigned>(operation);
}
inline constexpr Operations kEveryOperation = ~0u;
inline constexpr Operations kWithPicture = only(Operation::image_transform) | only(Operation::image_inpaint);

// A field of a request: the one place that holds its name, range and help. Parsing, `parameters`, the
// result's settings, the flags of `generate`, OpenAPI, /info, the docs, the fuzz dictionary and the page
// follow it.
struct FieldInfo {
  std::string_view name;
  FieldKind kind = FieldKind::other;
  double low = 0, high = 0;   // of an integer or a number, both allowed
  bool above_low = false;     // except `low` itself
  int multiple_of = 1;        // of an integer
  std::string_view fallback;  // the meaning of an absent field: "the model's", "1"; empty: nothing
  std::string_view help;      // one sentence or more
  Operations operations = kEveryOperation;                       // those that honour it; others ignore it
  std::span<const NameEntry> (*names)() = nullptr;               // of a name
  Result<std::string> (*canonical)(std::string_view) = nullptr;  // of a name
};

// A field and the member of Owner that holds it. Absent is nullopt, an empty text, false, or the member's
// initial value.
template <class Owner>
struct Field {
  FieldInfo info;
  std::variant<std::monostate, std::optional<int> Owner::*, std::optional<double> Owner::*,
               std::optional<std::uint64_t> Owner::*, std::optional<std::string> Owner::*, int Owner::*,
               bool Owner::*, std::string Owner::*>
      member;
};

// Whether a number is in the field's range. Error: invalid_request with the field's name in `param`.
Status check_number(const FieldInfo& field, double value);

// The ranges and names of all fields of `owner` that are set; the same errors.
template <class Owner>
Status check_fields(std::span<const Field<Owner>> fields, const Owner& owner) {
  for (const Field<Owner>& field : fields) {
    Status status = std::visit(
        [&](const auto member) -> Status {
          if constexpr (requires { owner.*member; }) {
            const auto& value = owner.*member;
            if constexpr (requires { static_cast<double>(*value); }) {
              if (value && field.info.kind != FieldKind::seed) return check_number(field.info, *value);
            } else if constexpr (std::is_same_v<decltype(value), const int&>) {
              return check_number(field.info, value);
            } else if constexpr (std::is_same_v<decltype(value), const std::string&>) {
              if (value.empty() || field.info.canonical == nullptr) return ok_status();
              if (auto name = field.info.canonical(value); !name) return name.error();
            }
          }
          return ok_status();
        },
        field.member);
    if (!status) return status;
  }
  return ok_status();
}

}  // namespace sdw::request

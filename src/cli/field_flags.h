#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <variant>

#include "request/field.h"

namespace sdw::cli {

// "guidance_scale" -> "--guidance-scale"
std::string flag_of(const request::FieldInfo& field);

// "0..30; How strongly ... (default: the model's)"
std::string help_of(const request::FieldInfo& field);

// A flag for each field, which sets the owner's member. `owner` outlives `command`.
template <class Owner>
void add_field_flags(CLI::App& command, std::span<const request::Field<Owner>> fields, Owner& owner) {
  for (const request::Field<Owner>& field : fields) {
    const auto add = [&](const auto member) {
      if constexpr (requires { owner.*member; }) {
        command.add_option(flag_of(field.info), owner.*member, help_of(field.info));
      }
    };
    std::visit(add, field.member);
  }
}

}  // namespace sdw::cli

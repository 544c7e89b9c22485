#include "contract/error_body.h"

#include <nlohmann/json.hpp>

#include "contract/error_table.h"
#include "contract/json_text.h"

namespace sdw::contract {

std::string_view public_message(const Error& error) {
  return error.code == ErrorCode::internal_error ? "an internal error; the server's log has the details"
                                                 : std::string_view(error.message);
}

nlohmann::json error_document(const Error& error) {
  const ErrorEntry& entry = error_entry(error.code);
  nlohmann::json body{
      {"message", public_message(error)}, {"type", entry.type}, {"param", nullptr}, {"code", entry.name}};
  if (!error.param.empty()) body["param"] = error.param;
  return {{"error", std::move(body)}};
}

std::string error_body(const Error& error) {
  return json_text(error_document(error));
}

}  // namespace sdw::contract

#include "fuzz/target.h"
#include "io/json.h"

namespace sdw::fuzz {

void json(std::span<const std::byte> bytes) {
  const auto value = io::parse_json(as_text(bytes));
  if (!value) {
    require(value.error().code == ErrorCode::malformed_json, "bad JSON is malformed_json");
    require(!value.error().message.empty() && value.error().message.size() < 1000,
            "an error has one readable line");
    return;
  }
  const std::string text = value->dump();  // throws where a string is not UTF-8
  const auto again = io::parse_json(text);
  require(again.ok() && *again == *value, "what is written is read back as the same");
}

}  // namespace sdw::fuzz

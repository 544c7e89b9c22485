// Prints the names of the fields as lines of a libFuzzer dictionary.
#include <cstdio>

#include "contract/request_fields.h"

int main() {
  for (const auto& field : sdw::contract::all_fields()) {
    std::printf("\"\\\"%.*s\\\":\"\n", static_cast<int>(field.name.size()), field.name.data());
  }
}

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sdw::io {

// The element types of the safetensors format that have whole bytes and that this worker can use.
enum class Dtype { boolean, u8, i8, f8_e5m2, f8_e4m3, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

std::string_view to_string(Dtype dtype);  // the format's own names: "F16", "BF16", ...
std::size_t size_of(Dtype dtype);         // bytes of one element
std::optional<Dtype> dtype_from_name(std::string_view name);

}  // namespace sdw::io

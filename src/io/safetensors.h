#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::io {

enum class Dtype { boolean, u8, i8, f8_e5m2, f8_e4m3, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

std::string_view to_string(Dtype dtype);  // the format's own names: "F16", "BF16", ...
std::size_t size_of(Dtype dtype);         // bytes of one element

// One tensor of a file. `data` points into the mapping and lives as long as the SafetensorsFile (or its mapping).
struct TensorView {
  Dtype dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

class MappedFile;  // read-only mapping of a regular file

// A read-only, memory-mapped safetensors file. Opening enforces the reference reader's rules
// (huggingface/safetensors): header at most 100 MB and beginning with '{', valid UTF-8 JSON, no duplicate keys,
// known dtypes, checked multiplications, offsets that cover the buffer without hole or overlap.
class SafetensorsFile {
 public:
  // Errors: model_not_found (no such file), model_invalid (any broken rule, with the tensor's name).
  static Result<SafetensorsFile> open(const std::filesystem::path& path);
  // The same over bytes in memory that outlive the result (tests, fuzzing).
  static Result<SafetensorsFile> parse(std::span<const std::byte> bytes);

  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  // Keeps the bytes alive beyond this object; null for `parse`.
  const std::shared_ptr<const MappedFile>& mapping() const { return mapping_; }

 private:
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string, std::less<>> metadata_;
  std::shared_ptr<const MappedFile> mapping_;
};

// Writes tensors in name order, through a temporary file that is renamed into place.
Status write_safetensors(const std::filesystem::path& path, const std::map<std::string, TensorView, std::less<>>& tensors,
                         const std::map<std::string, std::string, std::less<>>& metadata = {});

}  // namespace sdw::io

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

#include "io/dtype.h"
#include "support/result.h"

namespace sdw::io {

// One tensor of a file. `data` points into the mapping and lives as long as the SafetensorsFile (or its
// mapping). It need not be aligned to its element: a file's header may have any length.
struct TensorView {
  Dtype dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
};

class MappedFile;  // read-only mapping of a regular file

// A read-only, memory-mapped safetensors file. Opening enforces the reference reader's rules
// (huggingface/safetensors): header at most 100 MB and beginning with '{', valid UTF-8 JSON, no duplicate
// keys, known dtypes, checked multiplications, offsets that cover the buffer without hole or overlap.
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

// Writes through a temporary file that is renamed into place. The widest elements come first, then names in
// order, so that every tensor is aligned to its element. Error: io_error. Throws std::invalid_argument where
// a tensor's data has not the size of its shape, or a name is reserved.
Status write_safetensors(const std::filesystem::path& path,
                         const std::map<std::string, TensorView, std::less<>>& tensors,
                         const std::map<std::string, std::string, std::less<>>& metadata = {});

}  // namespace sdw::io

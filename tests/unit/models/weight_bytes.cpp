#include "unit/models/weight_bytes.h"

#include <nlohmann/json.hpp>

#include "io/dtype.h"

namespace sdw::models {

std::string safetensors_bytes(const std::vector<WrittenTensor>& tensors, bool odd_start) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const WrittenTensor& tensor : tensors) {
    const std::size_t size = io::size_of(io::dtype_from_name(tensor.dtype).value());
    const std::size_t begin = data.size();
    std::int64_t count = 1;
    for (const std::int64_t length : tensor.shape) count *= length;
    for (std::int64_t i = 0; i < count; ++i) data.append(reinterpret_cast<const char*>(&tensor.word), size);
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  while (text.size() % 2 != (odd_start ? 1 : 0)) text += ' ';
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text + data;
}

}  // namespace sdw::models

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "io/atomic_file.h"
#include "io/safetensors.h"

namespace sdw::io {
namespace {

using NamedTensor = std::pair<const std::string, TensorView>;

std::vector<const NamedTensor*> widest_first(const std::map<std::string, TensorView, std::less<>>& tensors) {
  std::vector<const NamedTensor*> order;
  order.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::ranges::stable_sort(order, std::greater<>{},
                           [](const auto* tensor) { return size_of(tensor->second.dtype); });
  return order;
}

void check(const NamedTensor& tensor) {
  const auto& [name, view] = tensor;
  if (name == "__metadata__") throw std::invalid_argument("a tensor cannot be named __metadata__");
  std::int64_t bytes = static_cast<std::int64_t>(size_of(view.dtype));
  for (const std::int64_t dimension : view.shape) {
    if (dimension < 0 || __builtin_mul_overflow(bytes, dimension, &bytes)) {
      throw std::invalid_argument(fmt::format("tensor {} has an impossible shape", name));
    }
  }
  if (static_cast<std::uint64_t>(bytes) != view.data.size()) {
    throw std::invalid_argument(
        fmt::format("tensor {} has {} bytes, expected {} for its shape", name, view.data.size(), bytes));
  }
}

// The 8 bytes of length and the header itself, padded so that the data begins at a multiple of 8.
std::string header_of(const std::vector<const NamedTensor*>& order,
                      const std::map<std::string, std::string, std::less<>>& metadata) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t begin = 0;
  for (const NamedTensor* tensor : order) {
    check(*tensor);
    const auto& [name, view] = *tensor;
    const std::uint64_t end = begin + view.data.size();
    header[name] = {{"dtype", to_string(view.dtype)}, {"shape", view.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>(text.size() >> (8 * i) & 0xFF);
  }
  return length + text;
}

}  // namespace

Status write_safetensors(const std::filesystem::path& path,
                         const std::map<std::string, TensorView, std::less<>>& tensors,
                         const std::map<std::string, std::string, std::less<>>& metadata) {
  const std::vector<const NamedTensor*> order = widest_first(tensors);
  const std::string header = header_of(order, metadata);
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(std::as_bytes(std::span(header))); !written) return written;
  for (const NamedTensor* tensor : order) {
    if (Status written = file->write(tensor->second.data); !written) return written;
  }
  return file->commit();
}

}  // namespace sdw::io

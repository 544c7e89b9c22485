#include "io/safetensors.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <optional>
#include <utility>

#include "io/mapped_file.h"
#include "io/printable.h"
#include "io/safetensors_header.h"

namespace sdw::io {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

Error invalid(std::string message) {
  return {ErrorCode::model_invalid, std::move(message)};
}

std::uint64_t little_endian_u64(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

// Bytes of such a tensor, or none where its elements or bytes cannot be counted in 63 bits. Dimensions of 0
// are left out of the check's product: strides are computed without them too.
std::optional<std::uint64_t> byte_count(const TensorEntry& entry) {
  std::int64_t product = static_cast<std::int64_t>(size_of(entry.dtype));
  bool empty = false;
  for (const std::int64_t dimension : entry.shape) {
    empty |= dimension == 0;
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(dimension, 1), &product)) return std::nullopt;
  }
  return empty ? 0 : static_cast<std::uint64_t>(product);
}

// The tensors must lie one behind the other, from the first byte to the last.
Status check_layout(const SafetensorsHeader& header, std::uint64_t data_bytes) {
  std::vector<const std::pair<const std::string, TensorEntry>*> by_offset;
  by_offset.reserve(header.tensors.size());
  for (const auto& tensor : header.tensors) by_offset.push_back(&tensor);
  std::ranges::sort(by_offset, {},
                    [](const auto* tensor) { return std::pair(tensor->second.begin, tensor->second.end); });

  std::uint64_t expected = 0;
  for (const auto* tensor : by_offset) {
    const auto& [name, entry] = *tensor;
    if (entry.end < entry.begin) {
      return invalid(fmt::format("tensor {} ends at {}, before it begins at {}", printable(name), entry.end,
                                 entry.begin));
    }
    if (entry.begin != expected) {
      return invalid(fmt::format("tensor {} begins at {}, expected {}: {}", printable(name), entry.begin,
                                 expected, entry.begin > expected ? "there is a hole" : "tensors overlap"));
    }
    if (entry.end > data_bytes) {
      return invalid(fmt::format("tensor {} ends at {}, past the {} bytes of data", printable(name),
                                 entry.end, data_bytes));
    }
    const std::optional<std::uint64_t> bytes = byte_count(entry);
    if (!bytes) return invalid(fmt::format("tensor {} has an impossible shape", printable(name)));
    if (entry.end - entry.begin != *bytes) {
      return invalid(fmt::format("tensor {} has {} bytes, expected {} for {} [{}]", printable(name),
                                 entry.end - entry.begin, *bytes, to_string(entry.dtype),
                                 fmt::join(entry.shape, ", ")));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return invalid(fmt::format("{} bytes of data, but the tensors end at {}", data_bytes, expected));
  }
  return ok_status();
}

}  // namespace

Result<SafetensorsFile> SafetensorsFile::parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) {
    return invalid(fmt::format("{} bytes are too few for a safetensors file", bytes.size()));
  }
  const std::uint64_t header_bytes = little_endian_u64(bytes);
  if (header_bytes > kMaxHeaderBytes) {
    return invalid(
        fmt::format("a header of {} bytes; at most {} are allowed", header_bytes, kMaxHeaderBytes));
  }
  if (header_bytes > bytes.size() - kLengthBytes) {
    return invalid(fmt::format("a header of {} bytes in a file of {}", header_bytes, bytes.size()));
  }
  const std::span<const std::byte> text = bytes.subspan(kLengthBytes, header_bytes);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_bytes);

  Result<SafetensorsHeader> header =
      parse_safetensors_header({reinterpret_cast<const char*>(text.data()), text.size()});
  if (!header) return header.error();
  if (Status layout = check_layout(*header, data.size()); !layout) return layout.error();

  SafetensorsFile file;
  for (auto& [name, entry] : header->tensors) {
    file.tensors_.emplace_hint(
        file.tensors_.end(), name,
        TensorView{entry.dtype, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin)});
  }
  file.metadata_ = std::move(header->metadata);
  return file;
}

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  Result<std::shared_ptr<const MappedFile>> mapping = MappedFile::open(path);
  if (!mapping) {
    const bool missing = mapping.error().code == ErrorCode::not_found;
    return Error{missing ? ErrorCode::model_not_found : ErrorCode::model_invalid, mapping.error().message,
                 name};
  }
  Result<SafetensorsFile> file = parse((*mapping)->bytes());
  if (!file) {
    return Error{ErrorCode::model_invalid, fmt::format("{}: {}", printable(name), file.error().message),
                 name};
  }
  file->mapping_ = std::move(*mapping);
  return file;
}

}  // namespace sdw::io

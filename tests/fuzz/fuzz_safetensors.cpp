#include "fuzz/target.h"
#include "io/safetensors.h"

namespace sdw::fuzz {

void safetensors(std::span<const std::byte> bytes) {
  const auto file = io::SafetensorsFile::parse(bytes);
  if (!file) {
    require(file.error().code == ErrorCode::model_invalid, "a bad file is model_invalid");
    require(!file.error().message.empty() && file.error().message.size() < 1000,
            "an error has one readable line");
    return;
  }
  std::size_t data_bytes = 0;
  for (const auto& [name, view] : file->tensors()) {
    std::size_t expected = io::size_of(view.dtype);
    for (const std::int64_t dimension : view.shape) expected *= static_cast<std::size_t>(dimension);
    require(view.data.size() == expected, "a tensor has the bytes of its shape");
    require(expected == 0 || (view.data.data() >= bytes.data() &&
                              view.data.data() + view.data.size() <= bytes.data() + bytes.size()),
            "a tensor lies in the file");
    // Every byte is readable: the sanitizer would tell.
    for (const std::byte byte : view.data) data_bytes += static_cast<std::size_t>(byte) * 0 + 1;
  }
  require(data_bytes + 8 <= bytes.size(), "tensors do not share bytes");
}

}  // namespace sdw::fuzz

// `probe_safetensors FILE...` answers each file with a line of JSON: what is in it, or which error it is.
// `probe_safetensors --copy FROM TO` reads a file and writes its tensors and metadata to another.
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "io/safetensors.h"

namespace {

using nlohmann::json;
using sdw::io::SafetensorsFile;

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

json describe(const sdw::Error& error) {
  return {{"code", sdw::to_string(error.code)}, {"message", error.message}, {"param", error.param}};
}

json describe(const std::string& path) {
  const auto file = SafetensorsFile::open(path);
  if (!file) return {{"error", describe(file.error())}};
  json tensors = json::object();
  for (const auto& [name, view] : file->tensors()) {
    tensors[name] = {
        {"dtype", sdw::io::to_string(view.dtype)}, {"shape", view.shape}, {"data", hex(view.data)}};
  }
  return {{"tensors", std::move(tensors)}, {"metadata", file->metadata()}};
}

int copy(const std::string& from, const std::string& to) {
  const auto file = SafetensorsFile::open(from);
  const auto written =
      file ? sdw::io::write_safetensors(to, file->tensors(), file->metadata()) : sdw::Status(file.error());
  if (written) return 0;
  std::cerr << written.error().message << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "--copy") return copy(argv[2], argv[3]);
  for (int i = 1; i < argc; ++i) std::cout << describe(std::string(argv[i])).dump() << "\n";
}

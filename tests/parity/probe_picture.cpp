// `probe_picture decode FILE...` answers each picture with a line of JSON (size or error) and writes its
// pixels to FILE.rgb. `probe_picture encode FORMAT QUALITY FROM TO` decodes one picture and encodes it anew.
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "io/picture.h"
#include "io/regular_file.h"

namespace {

constexpr std::size_t kMaxFileBytes = 256 << 20;

sdw::Result<sdw::io::Picture> decode(const std::string& path) {
  const auto bytes = sdw::io::read_file(path, kMaxFileBytes);
  if (!bytes) return bytes.error();
  return sdw::io::decode_picture(*bytes);
}

nlohmann::json answer(const std::string& path) {
  const auto picture = decode(path);
  if (!picture) {
    return {{"code", sdw::to_string(picture.error().code)}, {"message", picture.error().message}};
  }
  std::ofstream(path + ".rgb", std::ios::binary)
      .write(reinterpret_cast<const char*>(picture->pixels.data()),
             static_cast<std::streamsize>(picture->pixels.size()));
  return {{"width", picture->width}, {"height", picture->height}};
}

sdw::Status encode(std::string_view format, int quality, const std::string& from, const std::string& to) {
  const auto picture = decode(from);
  if (!picture) return picture.error();
  const auto kind = sdw::io::picture_format_from_name(format);
  if (!kind) return kind.error();
  const auto bytes = sdw::io::encode_picture(*picture, *kind, quality);
  if (!bytes) return bytes.error();
  return sdw::io::write_file_atomically(to, *bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "decode") {
    for (int i = 2; i < argc; ++i) std::cout << answer(argv[i]).dump() << "\n";
    return 0;
  }
  if (command == "encode" && argc == 6) {
    const auto done = encode(argv[2], std::stoi(argv[3]), argv[4], argv[5]);
    if (!done) std::cerr << done.error().message << "\n";
    return done ? 0 : 1;
  }
  std::cerr << "usage: probe_picture decode FILE... | encode FORMAT QUALITY FROM TO\n";
  return 2;
}

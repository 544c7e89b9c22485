#include "models/weight_files.h"

#include <fmt/format.h>
#include <set>
#include <system_error>

#include "io/plain_name.h"
#include "io/printable.h"
#include "models/model_file.h"

namespace sdw::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostShards = 1024;

bool is_there(const fs::path& path) {
  std::error_code code;
  return fs::symlink_status(path, code).type() != fs::file_type::not_found;
}

Error in_file(const Error& error, const fs::path& relative) {
  return {error.code, fmt::format("{}: {}", relative.native(), error.message), relative.native()};
}

Result<io::SafetensorsFile> open_one(const fs::path& root, const fs::path& relative) {
  Result<fs::path> path = model_file(root, relative);
  if (!path) return path.error();
  Result<io::SafetensorsFile> file = io::SafetensorsFile::open(*path);
  if (!file) return in_file(file.error(), relative);
  return file;
}

// The shard names of an index, each once.
Result<std::set<std::string>> shard_names(const nlohmann::json& index, const fs::path& relative) {
  const auto invalid = [&](const std::string& what) {
    return Error{ErrorCode::model_invalid, fmt::format("{}: {}", relative.native(), what), relative.native()};
  };
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object() || map->empty()) {
    return invalid("weight_map is not a filled object");
  }
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string()) {
      return invalid(fmt::format("the shard of {} is not a string", io::printable(tensor)));
    }
    const std::string& name = shard.get_ref<const std::string&>();
    if (!io::is_plain_name(name) || !name.ends_with(".safetensors")) {
      return invalid(fmt::format("shard {} is not a plain name of a safetensors file", io::printable(name)));
    }
    names.insert(name);
    if (names.size() > kMostShards) return invalid(fmt::format("more than {} shards", kMostShards));
  }
  return names;
}

Result<std::vector<io::SafetensorsFile>> open_shards(const fs::path& root, const fs::path& index) {
  Result<nlohmann::json> json = read_model_json(root, index);
  if (!json) return json.error();
  Result<std::set<std::string>> names = shard_names(*json, index);
  if (!names) return names.error();
  std::vector<io::SafetensorsFile> files;
  for (const std::string& name : *names) {
    Result<io::SafetensorsFile> file = open_one(root, index.parent_path() / name);
    if (!file) {
      const Error& error = file.error();
      if (error.code != ErrorCode::model_not_found) return error;
      return Error{ErrorCode::model_invalid,
                   fmt::format("{}: shard {} is missing", index.native(), io::printable(name)), error.param};
    }
    files.push_back(std::move(file).value());
  }
  return files;
}

Error nothing_found(const fs::path& root, const fs::path& folder, std::string_view stem) {
  const std::string wanted = (folder / fmt::format("{}.safetensors", stem)).native();
  for (std::string_view pickle :
       {"diffusion_pytorch_model.bin", "pytorch_model.bin", "model.ckpt", "model.pt"}) {
    if (!is_there(root / folder / pickle)) continue;
    return {
        ErrorCode::model_invalid,
        fmt::format("{} is missing; {} is a pickle file, which is never opened: convert it to safetensors",
                    wanted, pickle),
        wanted};
  }
  return {ErrorCode::model_not_found, fmt::format("{} is missing", wanted), wanted};
}

}  // namespace

std::string_view weight_stem(const fs::path& component) {
  return component.native().starts_with("text_encoder") ? "model" : "diffusion_pytorch_model";
}

Result<std::vector<io::SafetensorsFile>> open_weight_files(const fs::path& root, const fs::path& folder,
                                                           std::string_view stem) {
  // diffusers looks for an index first, and so for a variant only when asked; here the fp16 one is the last
  // resort.
  for (std::string_view name :
       {"{}.safetensors.index.json", "{}.safetensors", "{}.safetensors.index.fp16.json",
        "{}.fp16.safetensors.index.json", "{}.fp16.safetensors"}) {
    const fs::path relative = folder / fmt::format(fmt::runtime(name), stem);
    if (!is_there(root / relative)) continue;
    if (relative.extension() == ".json") return open_shards(root, relative);
    Result<io::SafetensorsFile> file = open_one(root, relative);
    if (!file) return file.error();
    std::vector<io::SafetensorsFile> files;
    files.push_back(std::move(file).value());
    return files;
  }
  return nothing_found(root, folder, stem);
}

}  // namespace sdw::models

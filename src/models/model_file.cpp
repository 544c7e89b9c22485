#include "models/model_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <system_error>

#include "io/json.h"
#include "io/printable.h"

namespace sdw::models {
namespace {

namespace fs = std::filesystem;

bool is_within(const fs::path& folder, const fs::path& file) {
  const auto [end, unused] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

// `root` is .../models--org--name/snapshots/<commit> and `file` is .../models--org--name/blobs/<hash>.
bool is_cached_blob(const fs::path& root, const fs::path& file) {
  if (root.parent_path().filename() != "snapshots") return false;
  return file.parent_path() == root.parent_path().parent_path() / "blobs";
}

Error invalid(const fs::path& relative, std::string_view what) {
  return {ErrorCode::model_invalid, fmt::format("{} {}", io::printable(relative.native()), what),
          relative.native()};
}

}  // namespace

Result<fs::path> model_file(const fs::path& root, const fs::path& relative) {
  std::error_code code;
  const fs::path real_root = fs::canonical(root, code);
  if (code) return Error{ErrorCode::model_not_found, "no such model folder", relative.native()};
  const fs::path real = fs::canonical(root / relative, code);
  if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
    return Error{ErrorCode::model_not_found, fmt::format("{} is missing", io::printable(relative.native())),
                 relative.native()};
  }
  if (code) return invalid(relative, "cannot be read");
  if (!is_within(real_root, real) && !is_cached_blob(real_root, real)) {
    return invalid(relative, "is a link that leads out of the model folder");
  }
  if (!fs::is_regular_file(real, code)) return invalid(relative, "is not a regular file");
  return real;
}

Result<nlohmann::json> read_model_json(const fs::path& root, const fs::path& relative) {
  Result<fs::path> path = model_file(root, relative);
  if (!path) return path.error();
  Result<nlohmann::json> json = io::read_json_file(*path);
  if (!json) return Error{json.error().code, json.error().message, relative.native()};
  if (!json->is_object()) return invalid(relative, "is not a JSON object");
  return json;
}

}  // namespace sdw::models

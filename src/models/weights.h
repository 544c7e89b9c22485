#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/safetensors.h"
#include "support/result.h"

namespace sdw::models {

// What `take` does: `load` gives tensors; `check` looks at names, types and shapes only and gives none.
enum class TakeMode { check, load };

// A change of a weight [out, in, ...]: scale * up [out, rank, ...] down [rank, in, ...].
struct LowRankChange {
  at::Tensor down, up;
  double scale = 1;
};

// A tensor in a file.
struct StoredTensor {
  io::TensorView view;
  std::shared_ptr<const io::MappedFile> mapping;  // null over bytes in memory
  bool transposed = false;                        // a matrix that the file has the other way round
};

using StoredTensors = std::map<std::string, StoredTensor, std::less<>>;

// The tensors of one component of a model by name, from one file or several, and the record of what a loader
// asked for. Nothing is read before `take`.
class WeightMap {
 public:
  // The component in `root`/`folder` of a diffusers model; see open_weight_files() for the files and the
  // errors, and weight_stem() for the usual `stem`.
  static Result<WeightMap> open(const std::filesystem::path& root, const std::filesystem::path& folder,
                                std::string_view stem);
  // The same over files already open; `label` names the component in errors. Error: model_invalid where two
  // files hold the same name.
  static Result<WeightMap> from_files(std::string label, const std::vector<io::SafetensorsFile>& files);
  // The same over tensors that were picked out of a file and named anew.
  static WeightMap from_tensors(std::string label, StoredTensors tensors);

  TakeMode mode() const { return mode_; }
  void set_mode(TakeMode mode) { mode_ = mode; }

  // Runs for each tensor that is loaded, on the thread that takes it.
  void set_on_load(std::function<void(std::int64_t bytes)> on_load) { on_load_ = std::move(on_load); }

  bool has(std::string_view name) const;
  std::vector<std::string> names() const;
  // The shape that `take` gives, empty where the name is missing.
  std::vector<std::int64_t> shape_of(std::string_view name) const;
  // The tensor `name` as a view over the file, or an undefined tensor where it is missing, misshapen, of a
  // type that is not a float, or holds NaN or infinity (each noted as a problem), and always in `check` mode.
  // The view keeps the file mapped; dropping it lets the system take the file's pages back. May be called
  // from several threads.
  at::Tensor take(const std::string& name, at::IntArrayRef shape);
  // From now on `take` gives the weight with this added to it, as a float32 copy.
  void add_change(const std::string& name, LowRankChange change);
  // Notes that `name` is known and not needed (`position_ids`).
  void ignore(std::string_view name);

  // Everything wrong so far, in the order it was met (the first thousand).
  const std::vector<Error>& problems() const { return problems_; }
  // ok, or the first few problems in one line. Error: model_invalid.
  Status status() const;
  // Names in the file that no `take` or `ignore` has named.
  std::vector<std::string> unused() const;

  const std::string& label() const { return label_; }
  std::int64_t parameters() const;                                  // elements of all float tensors
  std::int64_t bytes() const;                                       // as stored
  std::map<std::string, std::int64_t> parameters_by_dtype() const;  // as taken: "F16" -> elements

 private:
  void note_use(std::string_view name);
  void add_problem(const std::string& name, const std::string& message);

  std::string label_;
  StoredTensors entries_;
  std::map<std::string, std::vector<LowRankChange>, std::less<>> changes_;
  std::set<std::string, std::less<>> used_;
  std::vector<Error> problems_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // of used_ and problems_
  TakeMode mode_ = TakeMode::load;
  std::function<void(std::int64_t)> on_load_;
};

}  // namespace sdw::models

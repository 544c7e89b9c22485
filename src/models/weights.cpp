#include "models/weights.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>

#include "io/printable.h"
#include "models/finite.h"
#include "models/weight_files.h"

namespace sdw::models {
namespace {

constexpr std::size_t kMostProblems = 1000;
constexpr std::size_t kProblemsInOneLine = 3;

std::optional<at::ScalarType> float_type(io::Dtype dtype) {
  switch (dtype) {
    case io::Dtype::f16:
      return at::kHalf;
    case io::Dtype::bf16:
      return at::kBFloat16;
    case io::Dtype::f32:
      return at::kFloat;
    case io::Dtype::f64:
      return at::kDouble;
    default:
      return std::nullopt;
  }
}

std::string shape_text(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// The pages wholly inside `data`; the mapping is read-only, so they can be read again at any time.
void release_pages(std::span<const std::byte> data) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* first = const_cast<std::byte*>(data.data());
  std::size_t left = data.size();
  if (std::align(page, page, first, left)) ::madvise(first, left / page * page, MADV_DONTNEED);
}

std::vector<std::int64_t> shape_as_taken(const StoredTensor& stored) {
  std::vector<std::int64_t> shape = stored.view.shape;
  if (stored.transposed) std::ranges::reverse(shape);
  return shape;
}

at::Tensor tensor_over(const io::TensorView& view, at::ScalarType type,
                       std::shared_ptr<const io::MappedFile> mapping) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(view.data.data()) % io::size_of(view.dtype) == 0;
  const auto deleter = [mapping = std::move(mapping), data = view.data](void*) {
    if (mapping) release_pages(data);
  };
  // ATen has no tensors over read-only memory; nothing writes through this one.
  void* bytes = const_cast<std::byte*>(view.data.data());
  if (aligned) return at::from_blob(bytes, view.shape, deleter, at::TensorOptions().dtype(type));
  const std::int64_t size = static_cast<std::int64_t>(view.data.size());
  const at::Tensor copy = at::from_blob(bytes, {size}, deleter, at::TensorOptions().dtype(at::kByte)).clone();
  return copy.view(type).view(view.shape);
}

at::Tensor with_changes(const at::Tensor& weight, const std::vector<LowRankChange>& changes) {
  at::Tensor sum = weight.flatten(1).to(at::kFloat);
  for (const LowRankChange& change : changes) {
    sum = at::addmm(sum, change.up.flatten(1).to(at::kFloat), change.down.flatten(1).to(at::kFloat), 1,
                    change.scale);
  }
  return sum.view(weight.sizes());
}

}  // namespace

Result<WeightMap> WeightMap::open(const std::filesystem::path& root, const std::filesystem::path& folder,
                                  std::string_view stem) {
  Result<std::vector<io::SafetensorsFile>> files = open_weight_files(root, folder, stem);
  if (!files) return files.error();
  return from_files(folder.native(), *files);
}

Result<WeightMap> WeightMap::from_files(std::string label, const std::vector<io::SafetensorsFile>& files) {
  WeightMap weights;
  weights.label_ = std::move(label);
  for (const io::SafetensorsFile& file : files) {
    for (const auto& [name, view] : file.tensors()) {
      if (weights.entries_.emplace(name, StoredTensor{view, file.mapping()}).second) continue;
      return Error{ErrorCode::model_invalid,
                   fmt::format("{}: {} is in two of its files", weights.label_, io::printable(name)),
                   weights.label_};
    }
  }
  return weights;
}

WeightMap WeightMap::from_tensors(std::string label, StoredTensors tensors) {
  WeightMap weights;
  weights.label_ = std::move(label);
  weights.entries_ = std::move(tensors);
  return weights;
}

bool WeightMap::has(std::string_view name) const {
  return entries_.contains(name);
}

std::vector<std::string> WeightMap::names() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) out.push_back(name);
  return out;
}

std::vector<std::int64_t> WeightMap::shape_of(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::vector<std::int64_t>{} : shape_as_taken(found->second);
}

at::Tensor WeightMap::take(const std::string& name, at::IntArrayRef shape) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    add_problem(name, fmt::format("missing, expected shape {}", shape_text(shape)));
    return {};
  }
  note_use(name);
  const StoredTensor& stored = found->second;
  const io::TensorView& view = stored.view;
  if (const auto got = shape_as_taken(stored); shape != at::IntArrayRef(got)) {
    add_problem(name, fmt::format("expected shape {}, got {}", shape_text(shape), shape_text(got)));
    return {};
  }
  const std::optional<at::ScalarType> type = float_type(view.dtype);
  if (!type) {
    add_problem(name, fmt::format("expected F16, BF16, F32 or F64, got {}", io::to_string(view.dtype)));
    return {};
  }
  if (mode_ == TakeMode::check) return {};
  if (on_load_) on_load_(static_cast<std::int64_t>(view.data.size()));
  if (!all_finite(view.data, view.dtype)) {
    add_problem(name, "holds NaN or infinity");
    return {};
  }
  at::Tensor tensor = tensor_over(view, *type, stored.mapping);
  if (stored.transposed) tensor = tensor.t();
  const auto changes = changes_.find(name);
  return changes == changes_.end() ? tensor : with_changes(tensor, changes->second);
}

void WeightMap::add_change(const std::string& name, LowRankChange change) {
  changes_[name].push_back(std::move(change));
}

void WeightMap::ignore(std::string_view name) {
  note_use(name);
}

void WeightMap::note_use(std::string_view name) {
  const std::lock_guard lock(*mutex_);
  used_.emplace(name);
}

void WeightMap::add_problem(const std::string& name, const std::string& message) {
  const std::lock_guard lock(*mutex_);
  if (problems_.size() >= kMostProblems) return;
  const std::string param = fmt::format("{}/{}", label_, name);
  // Asked for a second time (check, then load), a tensor has the same problem still.
  if (std::ranges::any_of(problems_, [&](const Error& known) { return known.param == param; })) return;
  problems_.push_back({ErrorCode::model_invalid, fmt::format("{}: {}", name, message), param});
}

Status WeightMap::status() const {
  if (problems_.empty()) return ok_status();
  std::string line;
  for (std::size_t i = 0; i < std::min(problems_.size(), kProblemsInOneLine); ++i) {
    line += fmt::format("{}{}", i == 0 ? "" : "; ", problems_[i].message);
  }
  if (problems_.size() > kProblemsInOneLine) {
    line += fmt::format("; and {} more", problems_.size() - kProblemsInOneLine);
  }
  return Error{ErrorCode::model_invalid, fmt::format("{}: {}", label_, line), problems_.front().param};
}

std::vector<std::string> WeightMap::unused() const {
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_) {
    if (!used_.contains(name)) out.push_back(name);
  }
  return out;
}

std::int64_t WeightMap::parameters() const {
  std::int64_t total = 0;
  for (const auto& [dtype, count] : parameters_by_dtype()) total += count;
  return total;
}

std::int64_t WeightMap::bytes() const {
  std::int64_t total = 0;
  for (const auto& [name, entry] : entries_) total += static_cast<std::int64_t>(entry.view.data.size());
  return total;
}

std::map<std::string, std::int64_t> WeightMap::parameters_by_dtype() const {
  std::map<std::string, std::int64_t> out;
  for (const auto& [name, entry] : entries_) {
    if (!float_type(entry.view.dtype)) continue;
    const io::Dtype taken = changes_.contains(name) ? io::Dtype::f32 : entry.view.dtype;
    out[std::string(io::to_string(taken))] +=
        static_cast<std::int64_t>(entry.view.data.size() / io::size_of(entry.view.dtype));
  }
  return out;
}

}  // namespace sdw::models

#include "parity/tensor_file.h"

#include <ATen/ops/from_blob.h>
#include <stdexcept>
#include <vector>

#include "io/safetensors.h"

namespace sdw::probe {
namespace {

at::ScalarType type_of(io::Dtype dtype) {
  switch (dtype) {
    case io::Dtype::f16:
      return at::kHalf;
    case io::Dtype::bf16:
      return at::kBFloat16;
    case io::Dtype::f32:
      return at::kFloat;
    case io::Dtype::f64:
      return at::kDouble;
    case io::Dtype::i64:
      return at::kLong;
    default:
      throw std::invalid_argument("read_tensors: unexpected type");
  }
}

}  // namespace

Tensors read_tensors(const std::filesystem::path& path) {
  const io::SafetensorsFile file = value_or_throw(io::SafetensorsFile::open(path));
  Tensors out;
  for (const auto& [name, view] : file.tensors()) {
    void* bytes = const_cast<std::byte*>(view.data.data());
    out[name] = at::from_blob(bytes, view.shape, at::TensorOptions().dtype(type_of(view.dtype))).clone();
  }
  return out;
}

void write_tensors(const std::filesystem::path& path, const Tensors& tensors) {
  std::vector<at::Tensor> kept;
  std::map<std::string, io::TensorView, std::less<>> views;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor plain = kept.emplace_back(tensor.to(at::kCPU, at::kFloat).contiguous());
    views[name] = {io::Dtype::f32,
                   plain.sizes().vec(),
                   {static_cast<const std::byte*>(plain.const_data_ptr()), plain.nbytes()}};
  }
  value_or_throw(io::write_safetensors(path, views));
}

}  // namespace sdw::probe

#pragma once

#include <ATen/core/Tensor.h>
#include <filesystem>
#include <map>
#include <string>

namespace sdw::probe {

using Tensors = std::map<std::string, at::Tensor, std::less<>>;

// Reads float and integer tensors of a safetensors file into memory of their own. Throws on a bad file.
Tensors read_tensors(const std::filesystem::path& path);
void write_tensors(const std::filesystem::path& path, const Tensors& tensors);

}  // namespace sdw::probe

#pragma once

#include <ATen/core/Tensor.h>
#include <string>

namespace sdw::ops {

// Normal numbers that are the same in every run.
at::Tensor random_tensor(at::IntArrayRef shape, unsigned seed = 1);
at::Tensor random_picture(at::IntArrayRef shape, unsigned seed = 1);  // channels-last

// Norm of the difference over the norm of `expected`; infinity where the shapes differ.
double relative_error(const at::Tensor& got, const at::Tensor& expected);

// What the exception of `call` says, or "" where none was thrown.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace sdw::ops

#include "models/tokens.h"

namespace sdw::models {

at::Tensor to_tokens(const at::Tensor& picture) {
  return picture.permute({0, 2, 3, 1})
      .reshape({picture.size(0), picture.size(2) * picture.size(3), picture.size(1)});
}

at::Tensor to_picture(const at::Tensor& tokens, std::int64_t height, std::int64_t width) {
  return tokens.reshape({tokens.size(0), height, width, tokens.size(2)}).permute({0, 3, 1, 2});
}

at::Tensor pointwise(const at::Tensor& picture, const ops::LinearWeight& weight) {
  return to_picture(ops::linear(to_tokens(picture), weight), picture.size(2), picture.size(3));
}

}  // namespace sdw::models

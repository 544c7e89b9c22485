#include "pipeline/picture_tensor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <cstring>

#include "io/resize.h"

namespace sdw::pipeline {
namespace {

// A float32 copy in [0, 1] of bytes laid out as `shape`.
at::Tensor bytes_to_unit(const std::vector<std::uint8_t>& bytes, at::IntArrayRef shape) {
  const auto view =
      at::from_blob(const_cast<std::uint8_t*>(bytes.data()), shape, at::TensorOptions(at::kByte));
  return view.to(at::kFloat).div_(255.0);
}

}  // namespace

at::Tensor image_to_tensor(const io::Picture& picture, int width, int height) {
  const auto resized = io::resize_lanczos(picture, width, height);
  return bytes_to_unit(resized.pixels, {1, height, width, 3}).permute({0, 3, 1, 2}).mul_(2.0).sub_(1.0);
}

at::Tensor mask_to_tensor(const io::Picture& mask, int width, int height) {
  const auto grey = io::to_grey(io::resize_lanczos(mask, width, height));
  return bytes_to_unit(grey, {1, 1, height, width}).ge(0.5).to(at::kFloat);
}

io::Picture tensor_to_image(const at::Tensor& image) {
  const auto chw = image.dim() == 4 ? image.squeeze(0) : image;
  TORCH_CHECK(chw.dim() == 3 && chw.size(0) == 3, "tensor_to_image: expected [3, H, W], got ", image.sizes());
  const auto bytes = chw.to(at::kCPU, at::kFloat)
                         .mul(0.5)
                         .add_(0.5)
                         .clamp_(0.0, 1.0)
                         .mul_(255.0)
                         .round_()
                         .to(at::kByte)
                         .permute({1, 2, 0})
                         .contiguous();
  io::Picture picture{static_cast<int>(chw.size(2)), static_cast<int>(chw.size(1)), {}};
  picture.pixels.assign(bytes.const_data_ptr<std::uint8_t>(),
                        bytes.const_data_ptr<std::uint8_t>() + bytes.numel());
  return picture;
}

}  // namespace sdw::pipeline

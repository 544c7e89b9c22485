// A CUDA device for machines that have none. It shows whether a program keeps its tensors where they belong,
// not what a GPU computes: an operator on this device is the CPU's own, over the same memory.
//
// As on a GPU, the host cannot touch the device's memory (its pages are open only while an operator or a copy
// uses them; anything else that reads them ends the process), and an operator takes tensors of one device
// only.

#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <torch/library.h>
#include <vector>

namespace {

const at::Device kGpu(at::kCUDA, 0);

struct Block {
  std::size_t bytes;
  int users;
};

// The device's memory, by address: as much as the variable FAKE_GPU_BYTES says.
class Memory {
 public:
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    TORCH_CHECK_WITH(OutOfMemoryError, bytes <= free_, "the fake GPU has no ", bytes, " bytes left");
    void* data = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(data != MAP_FAILED, "the fake GPU cannot get its memory");
    blocks_[data] = {bytes, 0};
    free_ -= bytes;
    return data;
  }

  void release(void* data) {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = blocks_.extract(data).mapped().bytes;
    munmap(data, bytes);
    free_ += bytes;
  }

  void open(void* data) {
    const std::lock_guard lock(mutex_);
    Block& block = blocks_.at(data);
    if (block.users++ == 0) mprotect(data, block.bytes, PROT_READ | PROT_WRITE);
  }

  void close(void* data) {
    const std::lock_guard lock(mutex_);
    Block& block = blocks_.at(data);
    if (--block.users == 0) mprotect(data, block.bytes, PROT_NONE);
  }

 private:
  static std::size_t capacity() {
    const char* bytes = std::getenv("FAKE_GPU_BYTES");
    return bytes == nullptr ? std::numeric_limits<std::size_t>::max() : std::stoull(bytes);
  }

  std::mutex mutex_;
  std::size_t free_ = capacity();
  std::map<void*, Block> blocks_;
};

Memory& memory() {
  static auto* const all = new Memory;  // outlives every tensor
  return *all;
}

class Allocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = bytes > 0 ? memory().allocate(bytes) : nullptr;
    return {data, data, raw_deleter(), kGpu};
  }
  c10::DeleterFnPtr raw_deleter() const override {
    return [](void* data) {
      if (data != nullptr) memory().release(data);
    };
  }
  void copy_data(void*, const void*, std::size_t) const override {
    TORCH_CHECK(false, "the fake GPU copies tensors, not memory");
  }
};

Allocator* allocator() {
  static Allocator one;
  return &one;
}

// A tensor of the device as a tensor of the CPU over the same memory, which is open for as long as it lives.
at::Tensor on_host(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) return tensor;
  void* data = tensor.storage().mutable_data();
  if (data != nullptr) memory().open(data);
  return at::for_blob(data, tensor.sizes())
      .strides(tensor.strides())
      .storage_offset(tensor.storage_offset())
      .deleter([tensor](void* opened) {
        if (opened != nullptr) memory().close(opened);
      })
      .options(tensor.options().device(at::kCPU))
      .make_tensor();
}

at::Tensor on_device(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_cpu()) return tensor;
  at::Tensor moved = at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(kGpu));
  on_host(moved).copy_(tensor);
  return moved;
}

// Operands are on the device; numbers, which are tensors of the CPU without dimensions, may be on either. An
// empty one gets memory of its own, for operators that give a result its size.
at::Tensor operand(const at::Tensor& tensor, const c10::FunctionSchema& schema) {
  TORCH_CHECK(!tensor.defined() || tensor.is_cuda() || tensor.dim() == 0, schema.operator_name(),
              ": expected all tensors on ", kGpu, ", found one on ", tensor.device());
  if (tensor.defined() && tensor.numel() == 0) {
    return at::empty(tensor.sizes(), tensor.options().device(at::kCPU));
  }
  return on_host(tensor);
}

template <class Function>
c10::IValue map_tensors(const c10::IValue& value, const Function& function) {
  if (value.isTensor()) return function(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& each : value.toTensorVector()) list.push_back(function(each));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor>& each : value.toOptionalTensorVector()) {
      list.push_back(each ? std::optional(function(*each)) : std::nullopt);
    }
    return list;
  }
  return value;
}

// The argument that this return is, where the operator writes in place.
std::optional<std::size_t> written_argument(const c10::FunctionSchema& schema, const c10::Argument& result) {
  if (result.alias_info() == nullptr || !result.alias_info()->isWrite()) return std::nullopt;
  for (std::size_t i = 0; i < schema.arguments().size(); ++i) {
    const c10::AliasInfo* alias = schema.arguments()[i].alias_info();
    if (alias != nullptr && *alias == *result.alias_info()) return i;
  }
  return std::nullopt;
}

// Any operator, by the CPU's kernel.
void run_on_host(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) {
  const c10::FunctionSchema& schema = op.schema();
  const auto begin = stack->end() - static_cast<std::ptrdiff_t>(schema.arguments().size());
  const std::vector<c10::IValue> given(begin, stack->end());
  for (auto value = begin; value != stack->end(); ++value) {
    *value = value->isDevice() ? c10::IValue(c10::Device(at::kCPU))
                               : map_tensors(*value, [&](const at::Tensor& t) { return operand(t, schema); });
  }
  op.callBoxed(stack);
  for (std::size_t i = 0; i < schema.returns().size(); ++i) {
    c10::IValue& result = (*stack)[stack->size() - schema.returns().size() + i];
    const auto argument = written_argument(schema, schema.returns()[i]);
    if (argument && given[*argument].isTensor()) {
      const at::Tensor& written = given[*argument].toTensor();
      if (written.numel() == 0) {
        written.unsafeGetTensorImpl()->shallow_copy_from(on_device(result.toTensor()).getIntrusivePtr());
      }
      result = written;
    } else {
      result = map_tensors(result, on_device);
    }
  }
}

at::Tensor& copy(at::Tensor& self, const at::Tensor& source, bool /*non_blocking*/) {
  on_host(self).copy_(on_host(source));
  return self;
}

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, allocator(), c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                   at::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(
      size, stride, allocator(), c10::DispatchKeySet(c10::DispatchKey::CUDA), at::dtype_or_default(dtype));
}

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
}

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("copy_", &copy);
  library.impl("empty.memory_format", &empty);
  library.impl("empty_strided", &empty_strided);
  library.impl("as_strided", &at::native::as_strided_tensorimpl);
  library.impl("view", &at::native::view);
  library.impl("_reshape_alias", &at::native::_reshape_alias);
  library.impl("unfold", &at::native::unfold);
  // LibTorch makes these of other operators, of which it asks the CUDA library that is not there.
  library.impl("convolution", torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
  library.impl("scaled_dot_product_attention", torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
}

struct Guard final : c10::impl::NoOpDeviceGuardImpl<at::kCUDA> {
  at::Device exchangeDevice(at::Device) const override { return kGpu; }
  at::Device getDevice() const override { return kGpu; }
};
C10_REGISTER_GUARD_IMPL(CUDA, Guard);

}  // namespace

namespace at {

struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  int getNumGPUs() const override { return 1; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
};
REGISTER_CUDA_HOOKS(CUDAHooks);

}  // namespace at

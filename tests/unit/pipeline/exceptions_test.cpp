#include "pipeline/exceptions.h"

#include <ATen/ops/empty.h>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <new>

#include "support/result.h"

namespace sdw::pipeline {
namespace {

ErrorCode code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    return error_from_exception(std::current_exception()).code;
  }
  ADD_FAILURE() << "the body did not throw";
  return ErrorCode::internal_error;
}

TEST(Exceptions, AnErrorOnItsWayUpKeepsItsCode) {
  EXPECT_EQ(code_of([] { throw ErrorException({ErrorCode::not_finite, "NaN"}); }), ErrorCode::not_finite);
}

TEST(Exceptions, AllocationFailuresAreOutOfMemory) {
  EXPECT_EQ(code_of([] { throw std::bad_alloc(); }), ErrorCode::out_of_memory);
  // More than any address space holds, asked of the tensor library itself.
  EXPECT_EQ(code_of([] { at::empty({std::int64_t{1} << 55}, at::kFloat); }), ErrorCode::out_of_memory);
}

TEST(Exceptions, LibraryTextIsNotShownToUsers) {
  try {
    throw std::runtime_error("secret path /etc/passwd");
  } catch (...) {
    const auto error = error_from_exception(std::current_exception());
    EXPECT_EQ(error.code, ErrorCode::internal_error);
    EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
  }
}

}  // namespace
}  // namespace sdw::pipeline

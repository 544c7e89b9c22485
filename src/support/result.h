#pragma once

#include <stdexcept>
#include <utility>
#include <variant>

#include "support/error.h"

namespace sdw {

// A value or an Error: the return type wherever input is untrusted. `Result<void>` is Status.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Precondition of the next three: ok(). Asking a failed result for its value is a programming error and
  // throws.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Precondition: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;
inline Status ok_status() {
  return std::monostate{};
}

// An Error on its way up as an exception, caught once at the engine's, the handler's or the command line's
// edge.
class ErrorException : public std::runtime_error {
 public:
  explicit ErrorException(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

// The value, or an ErrorException where there is none: for code that runs under such an edge.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw ErrorException(result.error());
  return std::move(result).value();
}

}  // namespace sdw

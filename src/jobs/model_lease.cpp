#include "jobs/model_lease.h"

namespace sdw::jobs {

ModelLease::ModelLease(ModelLease&& other) noexcept
    : model_(std::move(other.model_)), release_(std::exchange(other.release_, nullptr)) {}

ModelLease& ModelLease::operator=(ModelLease&& other) noexcept {
  if (this != &other) {
    reset();
    model_ = std::move(other.model_);
    release_ = std::exchange(other.release_, nullptr);
  }
  return *this;
}

void ModelLease::reset() {
  model_.reset();
  if (const auto release = std::exchange(release_, nullptr)) release();
}

}  // namespace sdw::jobs

#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "jobs/backend.h"

namespace sdw::jobs {

// A loaded model in use; while one exists the model is not unloaded.
class ModelLease {
 public:
  ModelLease() = default;
  ModelLease(std::shared_ptr<LoadedModel> model, std::function<void()> release)
      : model_(std::move(model)), release_(std::move(release)) {}
  ModelLease(ModelLease&& other) noexcept;
  ModelLease& operator=(ModelLease&& other) noexcept;
  ~ModelLease() { reset(); }
  void reset();
  LoadedModel* get() const { return model_.get(); }
  LoadedModel* operator->() const { return model_.get(); }

 private:
  std::shared_ptr<LoadedModel> model_;
  std::function<void()> release_;
};

}  // namespace sdw::jobs

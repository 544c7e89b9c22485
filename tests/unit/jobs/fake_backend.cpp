#include "unit/jobs/fake_backend.h"

#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

namespace sdw::jobs {
namespace {

class FakeGeneration : public Generation {
 public:
  FakeGeneration(FakeBackend& backend, const PictureSpec& spec) : backend_(backend) {
    ++backend_.generations_alive;
    state.seed = spec.seed;
    state.prompt = spec.request->prompt;
    const auto& sampling = spec.request->sampling;
    steps_ = sampling.steps.value_or(4);
    per_step_ = sampling.sampler == "heun" ? 2 : 1;
    width_ = sampling.width.value_or(64);
    height_ = sampling.height.value_or(64);
    settings_ = {{"steps", steps_}, {"width", width_}, {"height", height_}};
  }
  ~FakeGeneration() override { --backend_.generations_alive; }

  int width() const override { return width_; }
  int height() const override { return height_; }
  bool guided() const override { return true; }
  int steps() const override { return steps_; }
  int steps_done() const override { return state.evaluations / per_step_; }
  int evaluations() const override { return state.evaluations; }
  bool done() const override { return state.evaluations == steps_ * per_step_; }
  const std::optional<Error>& failure() const override { return failure_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  const nlohmann::json& settings() const override { return settings_; }

  void evaluate() {
    ++state.evaluations;
    if (state.prompt == "nan" && state.evaluations == 2)
      failure_ = Error{ErrorCode::not_finite, "the latents are NaN"};
  }

  FakeState state;

 private:
  FakeBackend& backend_;
  int steps_, per_step_, width_, height_;
  std::optional<Error> failure_;
  std::vector<std::string> warnings_;
  nlohmann::json settings_;
};

class FakeModel : public LoadedModel {
 public:
  FakeModel(FakeBackend& backend, ModelDescription description)
      : backend_(backend), description_(std::move(description)) {
    ++backend_.models_alive;
  }
  ~FakeModel() override { --backend_.models_alive; }

  const ModelDescription& description() const override { return description_; }

  Status check(const contract::JobRequest& request, const InputPictures&) const override {
    if (request.prompt == "check-error")
      return Error{ErrorCode::invalid_request, "not with this model", "steps"};
    return ok_status();
  }

  Result<std::unique_ptr<Generation>> begin(const PictureSpec& spec, const StopCheck& stop) override {
    if (!work(backend_.begin_time, stop)) return Error{ErrorCode::cancelled, "given up"};
    if (spec.request->prompt == "begin-error")
      return Error{ErrorCode::invalid_request, "no step is left", "strength"};
    if (spec.request->prompt == "begin-throw") throw std::runtime_error("secret detail");
    return std::unique_ptr<Generation>(std::make_unique<FakeGeneration>(backend_, spec));
  }

  bool can_share(const Generation& a, const Generation& b) const override {
    return a.width() == b.width() && a.height() == b.height();
  }

  void step(std::span<Generation* const> generations) override {
    std::vector<FakeState> states;
    for (Generation* one : generations) states.push_back(of(*one).state);
    if (backend_.on_step) backend_.on_step(states);
    std::this_thread::sleep_for(backend_.step_time);
    backend_.record(states);
    for (const FakeState& state : states) {
      if (state.prompt == "step-throw" && state.evaluations == 1) throw std::runtime_error("secret detail");
      if (state.prompt == "step-oom") throw std::bad_alloc();
    }
    for (Generation* one : generations) of(*one).evaluate();
  }

  Result<io::Picture> preview(const Generation&) override {
    ++backend_.previews;
    return io::Picture{2, 2, std::vector<std::uint8_t>(12, 7)};
  }

  Result<io::Picture> finish(Generation& generation, const StopCheck& stop) override {
    if (backend_.on_decode) backend_.on_decode();
    if (!work(backend_.decode_time, stop)) return Error{ErrorCode::cancelled, "given up"};
    const FakeState& state = of(generation).state;
    if (state.prompt == "decode-error") return Error{ErrorCode::not_finite, "the picture is NaN"};
    if (state.prompt == "decode-throw") throw std::bad_alloc();
    const auto value =
        static_cast<std::uint8_t>(state.seed * 31 + static_cast<std::uint64_t>(state.evaluations));
    return io::Picture{8, 8, std::vector<std::uint8_t>(8 * 8 * 3, value)};
  }

 private:
  static FakeGeneration& of(Generation& generation) { return dynamic_cast<FakeGeneration&>(generation); }
  // Takes `time`, in parts between which it may be stopped; false if it was.
  bool work(std::chrono::microseconds time, const StopCheck& stop) {
    if (time > std::chrono::microseconds(0)) ++backend_.long_calls;
    const auto end = FakeBackend::Clock::now() + time;
    for (; FakeBackend::Clock::now() < end; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
      if (stopped(stop)) return false;
    }
    return !stopped(stop);
  }

  FakeBackend& backend_;
  const ModelDescription description_;
};

}  // namespace

Result<ModelDescription> FakeBackend::inspect(const std::filesystem::path& path, bool /*whole*/) {
  ++inspections;
  const std::string name = path.filename().string();
  if (name == "absent") return Error{ErrorCode::model_not_found, "no such folder"};
  ModelDescription description;
  description.family = "fake";
  description.disk_bytes = memory.contains(name) ? memory.at(name) : 100;
  description.memory_bytes = {{"", description.disk_bytes}, {"int8", description.disk_bytes / 2}};
  description.default_width = description.default_height = 64;
  description.default_steps = 4;
  return description;
}

Result<std::unique_ptr<LoadedModel>> FakeBackend::load(const ModelSource& source,
                                                       const std::function<void(int)>& on_progress,
                                                       const CancelToken& cancel) {
  ++loads;
  const std::filesystem::path& path = source.path;
  for (int percent = 0; percent <= 100; percent += 25) {
    std::this_thread::sleep_for(load_time / 4);
    if (cancel.cancelled()) return Error{ErrorCode::cancelled, "loading was given up"};
    on_progress(percent);
  }
  if (broken.contains(path.filename().string()))
    return Error{ErrorCode::model_invalid, "unet: a tensor is missing"};
  return std::unique_ptr<LoadedModel>(std::make_unique<FakeModel>(*this, source.description));
}

std::vector<std::vector<std::uint64_t>> FakeBackend::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FakeBackend::record(const std::vector<FakeState>& batch) {
  std::vector<std::uint64_t> seeds;
  for (const FakeState& state : batch) seeds.push_back(state.seed);
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(seeds));
}

void Gate::pass() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  condition_.wait(lock, [this] { return open_; });
  --waiting_;
}

void Gate::open() {
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  condition_.notify_all();
}

int Gate::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace sdw::jobs

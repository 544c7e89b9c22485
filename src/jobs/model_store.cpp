#include "jobs/model_store.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <utility>

#include "contract/error_table.h"
#include "io/plain_name.h"
#include "io/printable.h"
#include "jobs/model_table.h"
#include "support/exceptions.h"

namespace sdw::jobs {

namespace fs = std::filesystem;
using contract::ModelState;
using Clock = std::chrono::steady_clock;

namespace {

Error unknown_model(std::string_view name) {
  return {ErrorCode::model_not_found, fmt::format("no model is named {}", io::printable(name, 60)), "model"};
}

constexpr std::string_view kCheckpointSuffix = ".safetensors";

contract::Time time_of(const fs::path& path) {
  std::error_code error;
  const fs::file_time_type written = fs::last_write_time(path, error);
  if (error) return {};
  return std::chrono::time_point_cast<contract::Time::duration>(std::chrono::file_clock::to_sys(written));
}

}  // namespace

std::string name_of_model(const fs::path& path) {
  return (path.extension() == kCheckpointSuffix ? path.stem() : path.filename()).string();
}

class ModelStore::Impl {
 public:
  Impl(Backend& with, const ModelSettings& settings, Observer& told, Wakeup& engine)
      : table(settings), backend(with), observer_(told), engine_(engine), loader_([this] { run(); }) {}
  ~Impl() { close(); }

  void changed() { changed_.notify_all(); }
  void release(ModelEntry& entry);
  bool closed() const { return closed_; }
  void close();

  std::mutex mutex;  // guards all below but the backend
  ModelTable table;
  std::function<void(const std::string&, int)> on_progress;
  std::function<bool(const std::string&)> has_demand;
  Backend& backend;

 private:
  void run();
  bool do_next(std::unique_lock<std::mutex>& lock);
  void load(std::unique_lock<std::mutex>& lock, ModelEntry& entry);
  void unload(std::unique_lock<std::mutex>& lock, ModelEntry& entry);
  void fail(ModelEntry& entry, Error error);

  Observer& observer_;
  Wakeup& engine_;
  std::condition_variable changed_;
  bool closed_ = false;
  CancelSource cancel_;
  std::thread loader_;  // last: all it uses is there when it starts
};

void ModelStore::Impl::run() {
  std::unique_lock lock(mutex);
  while (!closed_) {
    if (do_next(lock)) continue;
    const auto latest = Clock::now() + std::chrono::hours(1);
    changed_.wait_until(lock, std::min(table.next_idle_end(), latest));
  }
}

// One load or unload, if there is one to do. Entries that are being loaded or unloaded, or are in use, are
// never removed, so they may be held without the lock.
bool ModelStore::Impl::do_next(std::unique_lock<std::mutex>& lock) {
  if (ModelEntry* entry = table.next_to_unload(Clock::now())) {
    unload(lock, *entry);
    return true;
  }
  ModelEntry* wanted = table.next_to_load();
  if (wanted == nullptr) return false;
  if (!table.can_fit(*wanted)) {
    fail(*wanted,
         {ErrorCode::out_of_memory, fmt::format("model {} needs {} MiB, which is more than the memory limit",
                                                wanted->named.id, wanted->memory_bytes() >> 20)});
    return true;
  }
  if (table.fits(*wanted)) {
    load(lock, *wanted);
    return true;
  }
  ModelEntry* idle = table.to_evict(has_demand);
  if (idle == nullptr) return false;  // until a lease ends
  unload(lock, *idle);
  return true;
}

void ModelStore::Impl::load(std::unique_lock<std::mutex>& lock, ModelEntry& entry) {
  entry.state = ModelState::loading;
  entry.load_percent = 0;
  entry.load_wanted = 0;
  entry.error.reset();
  const auto tell = on_progress;
  const ModelSource source{entry.named.path, entry.variant, entry.description};
  lock.unlock();

  int told = -1;
  const auto report = [&](int percent) {
    if (percent <= told) return;
    told = percent;
    {
      const std::lock_guard guard(mutex);
      entry.load_percent = percent;
    }
    if (tell) tell(model_key(entry.named.id, entry.variant), percent);
  };
  const Clock::time_point start = Clock::now();
  Result<std::unique_ptr<LoadedModel>> model = Error{};
  try {
    report(0);
    model = backend.load(source, report, cancel_.token());
  } catch (...) {
    model = error_from_exception(std::current_exception());
  }

  lock.lock();
  if (!model) return fail(entry, model.error());
  entry.model = std::move(model).value();
  entry.description = entry.model->description();
  entry.state = ModelState::loaded;
  entry.used = false;
  entry.was_loaded = true;
  entry.load_percent = 100;
  entry.last_used = Clock::now();
  observer_.model_loaded(entry.named.id, std::chrono::duration<double>(entry.last_used - start).count());
  engine_.notify();
}

void ModelStore::Impl::unload(std::unique_lock<std::mutex>& lock, ModelEntry& entry) {
  entry.state = ModelState::unloading;
  std::shared_ptr<LoadedModel> model = std::exchange(entry.model, nullptr);
  lock.unlock();
  model.reset();
  backend.release_memory();
  lock.lock();
  entry.state = ModelState::unloaded;
  entry.unload_wanted = false;
  observer_.model_unloaded(entry.named.id);
  engine_.notify();
}

void ModelStore::Impl::fail(ModelEntry& entry, Error error) {
  observer_.model_load_failed(entry.named.id, contract::error_entry(error.code).name);
  entry.state = ModelState::failed;
  entry.error = std::move(error);
  entry.failed_at = Clock::now();
  entry.load_wanted = 0;
  entry.unload_wanted = false;
  engine_.notify();
}

void ModelStore::Impl::release(ModelEntry& entry) {
  const std::lock_guard lock(mutex);
  --entry.users;
  entry.last_used = Clock::now();
  entry.last_used_at = std::chrono::system_clock::now();
  changed();
}

void ModelStore::Impl::close() {
  {
    const std::lock_guard lock(mutex);
    closed_ = true;
  }
  cancel_.cancel();
  changed();
  if (loader_.joinable()) loader_.join();
}

ModelStore::ModelStore(Backend& backend, const ModelSettings& settings, Observer& observer, Wakeup& engine)
    : impl_(std::make_unique<Impl>(backend, settings, observer, engine)) {}

ModelStore::~ModelStore() = default;

Status ModelStore::add(NamedModel model, bool whole) {
  if (!io::is_plain_name(model.id)) {
    return Error{ErrorCode::invalid_request, fmt::format("{} cannot name a model", io::printable(model.id)),
                 "model"};
  }
  Result<ModelDescription> description = impl_->backend.inspect(model.path, whole);
  if (!description) return description.error();
  ModelEntry entry;
  entry.created_at = time_of(model.path);
  entry.named = std::move(model);
  entry.description = std::move(description).value();
  const std::lock_guard lock(impl_->mutex);
  return impl_->table.add(std::move(entry));
}

Result<int> ModelStore::scan(const fs::path& models_dir) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator at(models_dir, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error) || at->path().extension() == kCheckpointSuffix) found.push_back(at->path());
  }
  if (error) {
    return Error{ErrorCode::io_error, "the models folder cannot be read: " + error.message(), "models-dir"};
  }
  std::sort(found.begin(), found.end());
  int added = 0;
  for (const fs::path& path : found) {
    if (add({name_of_model(path), path}, /*whole=*/false).ok()) ++added;
  }
  return added;
}

void ModelStore::connect(std::function<void(const std::string&, int)> on_progress,
                         std::function<bool(const std::string&)> has_demand) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_progress = std::move(on_progress);
  impl_->has_demand = std::move(has_demand);
}

Result<std::string> ModelStore::resolve(std::string_view name) const {
  const std::lock_guard lock(impl_->mutex);
  const ModelEntry* entry = name.empty() ? impl_->table.default_model() : impl_->table.find(name);
  if (entry != nullptr) return entry->named.id;
  if (name.empty()) return Error{ErrorCode::not_ready, "no model is known"};
  return unknown_model(name);
}

std::optional<ModelDescription> ModelStore::description(std::string_view id) const {
  const std::lock_guard lock(impl_->mutex);
  const ModelEntry* entry = impl_->table.find(id);
  return entry != nullptr ? std::optional(entry->description) : std::nullopt;
}

std::vector<contract::ModelStatus> ModelStore::list() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<contract::ModelStatus> out;
  for (const ModelEntry* entry : impl_->table.all()) out.push_back(impl_->table.status(*entry));
  return out;
}

Result<contract::ModelStatus> ModelStore::status(std::string_view id) const {
  const std::lock_guard lock(impl_->mutex);
  const ModelEntry* entry = impl_->table.find(id);
  if (entry == nullptr) return unknown_model(id);
  return impl_->table.status(*entry);
}

Readiness ModelStore::readiness() const {
  const std::lock_guard lock(impl_->mutex);
  const ModelEntry* entry = impl_->table.default_model();
  if (entry == nullptr) return {.reason = "no model is known"};
  const bool failed = entry->state == ModelState::failed;
  return {
      .ready = impl_->table.would_serve(*entry, Clock::now()),
      .loaded = impl_->table.is_loaded(entry->named.id),
      .reason = fmt::format("model {} {}", entry->named.id, failed ? "could not be loaded" : "is loading"),
      .model = entry->named.id,
      .load_percent = entry->load_percent};
}

std::int64_t ModelStore::loaded_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->table.occupied_bytes();
}

std::shared_ptr<const LoadedModel> ModelStore::peek(std::string_view id) const {
  const std::lock_guard lock(impl_->mutex);
  const ModelEntry* entry = impl_->table.find(id);
  return entry != nullptr ? entry->model : nullptr;
}

Status ModelStore::request_load(std::string_view id) {
  const std::lock_guard lock(impl_->mutex);
  ModelEntry* entry = impl_->table.find(id);
  if (entry == nullptr) return unknown_model(id);
  if (impl_->closed()) return Error{ErrorCode::shutting_down, "the server is shutting down"};
  const bool stays = entry->state == ModelState::loaded || entry->state == ModelState::loading;
  entry->unload_wanted = false;
  if (!stays) impl_->table.want_load(*entry);
  impl_->changed();
  return ok_status();
}

Status ModelStore::request_unload(std::string_view id) {
  const std::lock_guard lock(impl_->mutex);
  ModelEntry* entry = impl_->table.find(id);
  if (entry == nullptr) return unknown_model(id);
  if (impl_->closed()) return Error{ErrorCode::shutting_down, "the server is shutting down"};
  for (ModelEntry* one : impl_->table.with_id(entry->named.id)) {
    one->load_wanted = 0;
    one->unload_wanted = one->state == ModelState::loaded || one->state == ModelState::loading;
  }
  impl_->changed();
  return ok_status();
}

ModelStore::Acquired ModelStore::acquire(const std::string& id, Clock::time_point since,
                                         const contract::ModelVariant& variant) {
  const std::lock_guard lock(impl_->mutex);
  ModelEntry* entry = impl_->table.find(id, variant);
  if (entry == nullptr) return {.error = unknown_model(id)};
  if (impl_->closed()) return {.error = Error{ErrorCode::shutting_down, "the server is shutting down"}};
  if (entry->state == ModelState::loaded && !entry->unload_wanted) {
    if (impl_->table.is_in_the_way(*entry)) return {.wait = Wait::no_room};
    ++entry->users;
    entry->used = true;
    return {.lease = ModelLease(entry->model, [impl = impl_.get(), entry] { impl->release(*entry); })};
  }
  if (entry->state == ModelState::failed && entry->load_wanted == 0 && entry->failed_at >= since) {
    return {.error = entry->error};
  }
  if (entry->state != ModelState::loading) {
    impl_->table.want_load(*entry);
    impl_->changed();
  }
  const bool room = entry->state == ModelState::loading || impl_->table.can_make_room(*entry);
  return {.wait = room ? Wait::loading : Wait::no_room};
}

ModelStore::Place ModelStore::place(const std::string& id, const contract::ModelVariant& variant) {
  const std::lock_guard lock(impl_->mutex);
  ModelEntry* entry = impl_->table.find(id, variant);
  if (entry == nullptr) return Place::other;
  if (entry->state == ModelState::loaded && !entry->unload_wanted && !impl_->table.is_in_the_way(*entry)) {
    return Place::loaded;
  }
  const bool absent = entry->state == ModelState::unloaded || entry->state == ModelState::unloading;
  const bool displaces = absent && impl_->table.can_fit(*entry) && !impl_->table.fits_in_turn(*entry);
  return displaces ? Place::displaces : Place::other;
}

void ModelStore::release_memory() {
  impl_->backend.release_memory();
}

void ModelStore::close() {
  impl_->close();
}

}  // namespace sdw::jobs

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::ModelState;

struct Store {
  explicit Store(const ModelSettings& settings = {}, int count = 3)
      : models(backend, settings, observer, wakeup) {
    for (int i = 0; i < count; ++i) {
      const std::string id(1, static_cast<char>('a' + i));
      EXPECT_TRUE(models.add({id, "/models/" + id}).ok());
    }
  }

  ModelState state(const char* id) { return models.status(id)->state; }
  bool reaches(const char* id, ModelState wanted) {
    return eventually([&] { return state(id) == wanted; });
  }
  // Waits until the model is there and takes it.
  ModelLease take(const char* id, const contract::ModelVariant& variant = {}) {
    ModelLease lease;
    const auto since = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] {
      auto acquired = models.acquire(id, since, variant);
      if (acquired.lease) lease = *std::move(acquired.lease);
      return lease.get() != nullptr;
    })) << id;
    return lease;
  }

  FakeBackend backend;
  CountingObserver observer;
  Wakeup wakeup;
  ModelStore models;
};

TEST(ModelStore, the_first_model_is_the_default_and_others_go_by_name) {
  Store store;
  EXPECT_EQ(*store.models.resolve(""), "a");
  EXPECT_EQ(*store.models.resolve("c"), "c");
  for (const char* name : {"d", "../a", "A", "/models/a"}) {
    EXPECT_EQ(store.models.resolve(name).error().code, ErrorCode::model_not_found) << name;
  }
  Store empty({}, 0);
  EXPECT_EQ(empty.models.resolve("").error().code, ErrorCode::not_ready);
}

TEST(ModelStore, refuses_names_that_are_taken_or_are_paths) {
  Store store;
  EXPECT_EQ(store.models.add({"a", "/models/x"}).error().code, ErrorCode::conflict);
  EXPECT_EQ(store.models.add({"../x", "/models/x"}).error().code, ErrorCode::invalid_request);
  EXPECT_EQ(store.models.add({"x", "/models/absent"}).error().code, ErrorCode::model_not_found);
}

TEST(ModelStore, loads_on_demand_and_tells_how_far_it_is) {
  Store store;
  std::mutex mutex;
  std::vector<int> told;
  store.models.connect(
      [&](const std::string& id, int percent) {
        const std::lock_guard lock(mutex);
        EXPECT_EQ(id, "b");
        told.push_back(percent);
      },
      {});
  EXPECT_TRUE(store.models.readiness().ready) << "the default model can be loaded on demand";
  EXPECT_FALSE(store.models.readiness().loaded);
  const auto first = store.models.acquire("b", std::chrono::steady_clock::now());
  EXPECT_EQ(first.wait, ModelStore::Wait::loading);
  const ModelLease lease = store.take("b");
  EXPECT_FALSE(store.models.readiness().loaded) << "another one is";
  EXPECT_EQ(store.backend.loads, 1);
  EXPECT_EQ(store.models.loaded_bytes(), 100);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told, (std::vector<int>{0, 25, 50, 75, 100}));
}

TEST(ModelStore, a_model_is_inspected_once_however_often_it_is_loaded) {
  Store store({.memory_limit_bytes = 100});
  for (int i = 0; i < 3; ++i) {
    for (const char* id : {"a", "b"}) EXPECT_EQ(store.take(id)->description().family, "fake");
    store.take("a", {"int8", {}});
  }
  EXPECT_GE(store.backend.loads, 6);
  EXPECT_EQ(store.backend.inspections, 3) << "one for each of three models";
}

TEST(ModelStore, what_displaces_another_is_told_before_anything_is_begun) {
  Store store({.memory_limit_bytes = 100});
  EXPECT_EQ(store.models.place("a"), ModelStore::Place::other) << "there is room";
  store.take("a").reset();
  EXPECT_EQ(store.models.place("a"), ModelStore::Place::loaded);
  EXPECT_EQ(store.models.place("b"), ModelStore::Place::displaces);
  EXPECT_EQ(store.models.place("nobody"), ModelStore::Place::other);
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(store.backend.loads, 1);
  EXPECT_EQ(store.state("a"), ModelState::loaded);
}

TEST(ModelStore, the_least_recently_used_goes_first) {
  Store store({.memory_limit_bytes = 200});
  store.take("a").reset();
  store.take("b").reset();
  store.take("a").reset();
  store.take("c").reset();
  EXPECT_EQ(store.state("a"), ModelState::loaded);
  EXPECT_EQ(store.state("b"), ModelState::unloaded);
  EXPECT_EQ(store.state("c"), ModelState::loaded);
  EXPECT_EQ(store.backend.models_alive, 2);
  EXPECT_LE(store.models.loaded_bytes(), 200);
}

TEST(ModelStore, a_model_in_use_is_not_unloaded_for_another) {
  Store store({.memory_limit_bytes = 100});
  ModelLease lease = store.take("a");
  for (int i = 0; i < 20; ++i) {
    const auto other = store.models.acquire("b", std::chrono::steady_clock::now());
    EXPECT_EQ(other.wait, ModelStore::Wait::no_room);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(store.state("a"), ModelState::loaded);
  lease.reset();
  store.take("b");
  EXPECT_EQ(store.state("a"), ModelState::unloaded);
}

TEST(ModelStore, a_model_larger_than_the_limit_is_out_of_memory) {
  Store store({.memory_limit_bytes = 50});
  const auto since = std::chrono::steady_clock::now();
  std::optional<Error> error;
  EXPECT_TRUE(eventually([&] {
    error = store.models.acquire("a", since).error;
    return error.has_value();
  }));
  EXPECT_EQ(error->code, ErrorCode::out_of_memory);
}

TEST(ModelStore, a_failed_load_is_an_error_for_who_waited_and_tried_again_for_the_next) {
  Store store;
  store.backend.broken = {"a"};
  const auto since = std::chrono::steady_clock::now();
  std::optional<Error> error;
  EXPECT_TRUE(eventually([&] {
    error = store.models.acquire("a", since).error;
    return error.has_value();
  }));
  EXPECT_EQ(error->code, ErrorCode::model_invalid);
  EXPECT_EQ(store.state("a"), ModelState::failed);
  EXPECT_EQ(store.backend.loads, 1);
  EXPECT_EQ(store.models.acquire("a", std::chrono::steady_clock::now()).wait, ModelStore::Wait::loading);
  EXPECT_TRUE(eventually([&] { return store.backend.loads == 2; }));
}

TEST(ModelStore, loads_and_unloads_when_asked) {
  Store store;
  ASSERT_TRUE(store.models.request_load("b").ok());
  EXPECT_TRUE(store.reaches("b", ModelState::loaded));
  ASSERT_TRUE(store.models.request_unload("b").ok());
  EXPECT_TRUE(store.reaches("b", ModelState::unloaded));
  EXPECT_EQ(store.backend.models_alive, 0);
  EXPECT_EQ(store.backend.releases, 1);
  EXPECT_EQ(store.models.request_load("x").error().code, ErrorCode::model_not_found);
  EXPECT_EQ(store.models.request_unload("x").error().code, ErrorCode::model_not_found);
}

TEST(ModelStore, unloading_waits_for_who_uses_the_model) {
  Store store;
  ModelLease lease = store.take("a");
  ASSERT_TRUE(store.models.request_unload("a").ok());
  EXPECT_EQ(store.state("a"), ModelState::unloading);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(store.backend.models_alive, 1);
  lease.reset();
  EXPECT_TRUE(store.reaches("a", ModelState::unloaded));
  EXPECT_EQ(store.backend.models_alive, 0);
}

TEST(ModelStore, an_idle_model_is_unloaded_after_a_while) {
  Store store({.idle_unload = std::chrono::seconds(1)});
  store.take("a").reset();
  EXPECT_EQ(store.state("a"), ModelState::loaded);
  EXPECT_TRUE(store.models.readiness().loaded);
  EXPECT_TRUE(store.reaches("a", ModelState::unloaded));
  EXPECT_TRUE(store.models.readiness().ready) << "a job would load it again";
  EXPECT_FALSE(store.models.readiness().loaded);
}

TEST(ModelStore, is_not_ready_before_the_first_load_of_the_default_has_gone_well) {
  Store store;
  store.backend.load_time = std::chrono::milliseconds(200);
  ASSERT_TRUE(store.models.request_load("a").ok());
  const Readiness loading = store.models.readiness();
  EXPECT_FALSE(loading.ready);
  EXPECT_EQ(loading.reason, "model a is loading");
  EXPECT_TRUE(store.reaches("a", ModelState::loaded));
  EXPECT_TRUE(store.models.readiness().ready);
}

TEST(ModelStore, a_failed_default_is_ready_again_after_a_while_if_it_was_ever_loaded) {
  for (const bool was_loaded : {true, false}) {
    Store store({.retry_after_failure = std::chrono::seconds(1)});
    if (was_loaded) {
      store.take("a").reset();
      ASSERT_TRUE(store.models.request_unload("a").ok());
      ASSERT_TRUE(store.reaches("a", ModelState::unloaded));
    }
    store.backend.broken = {"a"};
    ASSERT_TRUE(store.models.request_load("a").ok());
    ASSERT_TRUE(store.reaches("a", ModelState::failed));
    EXPECT_FALSE(store.models.readiness().ready);
    EXPECT_EQ(store.models.readiness().reason, "model a could not be loaded");
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    EXPECT_EQ(store.models.readiness().ready, was_loaded);
  }
}

TEST(ModelStore, a_model_loaded_for_waiting_jobs_stays_until_they_come) {
  Store store({.memory_limit_bytes = 100});
  std::atomic<bool> wanted{true};
  store.models.connect([](const std::string&, int) {},
                       [&](const std::string& id) { return id == "a" && wanted; });
  ASSERT_TRUE(store.models.request_load("a").ok());
  ASSERT_TRUE(store.reaches("a", ModelState::loaded));
  ASSERT_TRUE(store.models.request_load("b").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(store.state("a"), ModelState::loaded);
  store.take("a").reset();
  EXPECT_TRUE(store.reaches("b", ModelState::loaded));
}

TEST(ModelStore, closing_gives_up_a_load) {
  Store store;
  store.backend.load_time = std::chrono::seconds(8);
  ASSERT_TRUE(store.models.request_load("a").ok());
  EXPECT_TRUE(store.reaches("a", ModelState::loading));
  const auto start = std::chrono::steady_clock::now();
  store.models.close();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
  EXPECT_EQ(store.models.request_load("b").error().code, ErrorCode::shutting_down);
}

TEST(ModelStore, scanning_a_folder_adds_the_models_in_it) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "sdw_scan";
  fs::remove_all(folder);
  for (const char* name : {"one", "two", "absent", ".hidden"}) fs::create_directories(folder / name);
  std::ofstream(folder / "file.txt") << "x";
  Store store({}, 0);
  const Result<int> added = store.models.scan(folder);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(*added, 2);
  EXPECT_EQ(*store.models.resolve(""), "one");
  EXPECT_EQ(store.models.scan(folder / "nowhere").error().code, ErrorCode::io_error);
  fs::remove_all(folder);
}

contract::ModelVariant with_ink(double strength) {
  return {"", {{"ink", strength}}};
}

TEST(ModelStore, a_model_with_loras_is_loaded_beside_the_plain_one) {
  Store store;
  LoadedModel* plain = store.take("a").get();
  LoadedModel* inked = store.take("a", with_ink(1)).get();
  EXPECT_NE(plain, inked);
  EXPECT_EQ(store.take("a", with_ink(1)).get(), inked);
  EXPECT_EQ(store.take("a").get(), plain);
  EXPECT_EQ(store.backend.loads, 2);
  EXPECT_EQ(store.models.list().size(), 3u);  // it is no model of its own
  EXPECT_FALSE(store.models.acquire("d", {}, with_ink(1)).lease);
}

TEST(ModelStore, a_model_in_another_precision_is_loaded_beside_it) {
  Store store({.memory_limit_bytes = 250});
  LoadedModel* plain = store.take("a").get();
  LoadedModel* in_bytes = store.take("a", {"int8", {}}).get();
  EXPECT_NE(plain, in_bytes);
  EXPECT_EQ(store.take("a", {"int8", {}}).get(), in_bytes);
  EXPECT_EQ(store.take("a").get(), plain);
  EXPECT_EQ(store.models.loaded_bytes(), 150) << "it takes what it says of that precision";
  EXPECT_EQ(store.models.list().size(), 3u) << "it is no model of its own";
}

TEST(ModelStore, a_variant_alone_makes_ready) {
  Store store({.memory_limit_bytes = 100});
  store.take("a");
  store.take("a", {"int8", {}});
  EXPECT_EQ(store.state("a"), ModelState::unloaded) << "there is room for one";
  EXPECT_TRUE(store.models.readiness().ready);
}

TEST(ModelStore, other_loras_of_a_model_take_the_place_of_those_before) {
  Store store;
  store.take("a");
  for (int i = 1; i <= 20; ++i) store.take("a", with_ink(i / 20.0));
  EXPECT_TRUE(eventually([&] { return store.backend.models_alive == 2; })) << store.backend.models_alive;
  store.take("b", with_ink(1));
  EXPECT_EQ(store.backend.models_alive, 3);
}

TEST(ModelStore, unloading_a_model_unloads_it_with_its_loras) {
  Store store;
  store.take("a");
  store.take("a", with_ink(1));
  ASSERT_TRUE(store.models.request_unload("a").ok());
  EXPECT_TRUE(eventually([&] { return store.backend.models_alive == 0; }));
  EXPECT_EQ(store.state("a"), ModelState::unloaded);
}

}  // namespace
}  // namespace sdw::jobs

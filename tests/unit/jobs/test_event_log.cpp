#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include "jobs/event_log.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::EventKind;

std::vector<std::uint64_t> ids(const std::vector<Event>& events) {
  std::vector<std::uint64_t> out;
  for (const Event& event : events) out.push_back(event.id);
  return out;
}

TEST(EventLog, replays_from_the_start_and_resumes_after_an_id) {
  EventLog log{EventSettings{}};
  for (const char* data : {"a", "b", "c"}) log.append(EventKind::progress, std::string(data));
  EXPECT_EQ(ids(log.read_after(0)), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(ids(log.read_after(2)), (std::vector<std::uint64_t>{3}));
  EXPECT_TRUE(log.read_after(3).empty());
  EXPECT_TRUE(log.read_after(99).empty());
  EXPECT_EQ(ids(log.read_after(0, 2)), (std::vector<std::uint64_t>{1, 2}));
}

TEST(EventLog, takes_nothing_after_a_terminal_event) {
  EventLog log{EventSettings{}};
  EXPECT_FALSE(log.finished());
  EXPECT_TRUE(log.append(EventKind::complete, std::string("{}")));
  EXPECT_TRUE(log.finished());
  EXPECT_FALSE(log.append(EventKind::progress, std::string("{}")));
  EXPECT_FALSE(log.append(EventKind::error, std::string("{}")));
  EXPECT_EQ(log.read_after(0).size(), 1u);
}

TEST(EventLog, the_oldest_previews_go_first) {
  EventLog log({.per_job = 100, .preview_bytes = 25});
  log.append(EventKind::started, std::string("{}"));
  for (int i = 0; i < 5; ++i) {
    log.append(EventKind::progress, std::string("{}"));
    log.append(EventKind::preview, std::string(10, 'p'));
  }
  log.append(EventKind::complete, std::string(1000, 'c'));
  const auto names = names_of(log.read_after(0));
  EXPECT_EQ(names, (std::vector<std::string>{"started", "progress", "progress", "progress", "progress",
                                             "preview", "progress", "preview", "complete"}));
}

TEST(EventLog, stays_within_its_bound_and_never_drops_started_or_the_end) {
  EventLog log({.per_job = 10, .preview_bytes = 1 << 20});
  log.append(EventKind::queued, std::string("{}"));
  log.append(EventKind::started, std::string("{}"));
  for (int i = 0; i < 1000; ++i) log.append(EventKind::progress, std::string(100, 'x'));
  log.append(EventKind::preview, std::string(100, 'x'));
  log.append(EventKind::cancelled, std::string("{}"));
  const auto events = log.read_after(0);
  EXPECT_EQ(events.size(), 10u);
  EXPECT_EQ(events.front().kind, EventKind::started);
  EXPECT_EQ(events.back().kind, EventKind::cancelled);
  EXPECT_EQ(events.back().id, 1004u);
  EXPECT_LE(log.bytes(), 10u * 100u);
}

TEST(EventLog, one_preview_larger_than_the_bound_is_kept_until_the_next) {
  EventLog log({.per_job = 10, .preview_bytes = 5});
  log.append(EventKind::preview, std::string(50, 'a'));
  EXPECT_EQ(log.read_after(0).size(), 1u);
  log.append(EventKind::preview, std::string(50, 'b'));
  EXPECT_EQ(ids(log.read_after(0)), (std::vector<std::uint64_t>{2}));
}

TEST(EventLog, wakes_every_reader_until_it_unsubscribes) {
  EventLog log{EventSettings{}};
  int first = 0, second = 0;
  {
    const auto a = log.subscribe([&] { ++first; });
    auto b = log.subscribe([&] { ++second; });
    log.append(EventKind::progress, std::string("{}"));
    b.reset();
    log.append(EventKind::progress, std::string("{}"));
    EXPECT_EQ(log.subscribers(), 1u);
  }
  log.append(EventKind::progress, std::string("{}"));
  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(log.subscribers(), 0u);
}

TEST(EventLog, readers_on_other_threads_see_every_event_in_order) {
  EventLog log{EventSettings{}};
  constexpr int kEvents = 2000;
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      std::atomic<int> wakes{0};
      const auto subscription = log.subscribe([&] { ++wakes; });
      std::uint64_t cursor = 0;
      while (!log.finished() || cursor < log.last_id()) {
        for (const Event& event : log.read_after(cursor, 7)) {
          if (event.id != cursor + 1 || *event.data != std::to_string(event.id)) ++wrong;
          cursor = event.id;
        }
      }
      if (cursor != kEvents) ++wrong;
    });
  }
  for (int i = 1; i <= kEvents; ++i) {
    log.append(i == kEvents ? EventKind::complete : EventKind::progress, std::to_string(i));
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sdw::jobs

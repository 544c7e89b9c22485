#include <gtest/gtest.h>
#include <thread>

#include "jobs/request_queue.h"

namespace sdw::jobs {
namespace {

std::shared_ptr<Job> job(const std::string& id, int priority = 0, std::size_t picture_bytes = 0) {
  JobSpec spec;
  spec.id = id;
  spec.request.priority = priority;
  if (picture_bytes > 0) {
    spec.pictures.input =
        std::make_shared<const io::Picture>(io::Picture{1, 1, std::vector<std::uint8_t>(picture_bytes)});
  }
  return std::make_shared<Job>(std::move(spec), EventSettings{});
}

std::string order(const RequestQueue& queue) {
  std::string ids;
  for (const auto& entry : queue.entries()) ids += entry.job->id() + " ";
  return ids;
}

struct WakeupOwner {
  Wakeup wakeup;
};

// A queue with the wake-up it needs.
struct Queue : WakeupOwner, RequestQueue {
  explicit Queue(const QueueSettings& settings = {}) : RequestQueue(settings, wakeup) {}
};

TEST(RequestQueue, is_first_come_first_served) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(queue.push(job(id)).ok());
  EXPECT_EQ(order(queue), "a b c ");
  EXPECT_EQ(queue.position("a"), 1);
  EXPECT_EQ(queue.position("c"), 3);
  EXPECT_FALSE(queue.position("d"));
}

TEST(RequestQueue, higher_priority_goes_first) {
  Queue queue;
  EXPECT_EQ(*queue.push(job("low", -10)), 1);
  EXPECT_EQ(*queue.push(job("normal")), 1);
  EXPECT_EQ(*queue.push(job("high", 10)), 1);
  EXPECT_EQ(*queue.push(job("high2", 10)), 2);
  EXPECT_EQ(order(queue), "high high2 normal low ");
}

TEST(RequestQueue, waiting_outweighs_priority_in_the_end) {
  Queue queue({.ageing = std::chrono::seconds(0)});
  ASSERT_TRUE(queue.push(job("first", -10)).ok());
  ASSERT_TRUE(queue.push(job("second", 10)).ok());
  EXPECT_EQ(order(queue), "first second ");

  // The one has waited for longer than the other's twenty points are worth.
  Queue slow({.ageing = std::chrono::seconds(1)});
  const auto old = job("old", 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  ASSERT_TRUE(slow.push(old).ok());
  ASSERT_TRUE(slow.push(job("urgent", 1)).ok());
  ASSERT_TRUE(slow.push(job("more urgent", 2)).ok());
  EXPECT_EQ(order(slow), "more urgent old urgent ");
}

TEST(RequestQueue, refuses_when_full_and_when_closed) {
  Queue queue({.jobs = 2});
  ASSERT_TRUE(queue.push(job("a")).ok());
  ASSERT_TRUE(queue.push(job("b")).ok());
  const Result<int> third = queue.push(job("c"));
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, ErrorCode::queue_full);
  EXPECT_TRUE(queue.remove("a"));
  EXPECT_TRUE(queue.push(job("c")).ok());
  queue.close();
  EXPECT_EQ(queue.push(job("d")).error().code, ErrorCode::shutting_down);
}

TEST(RequestQueue, bounds_the_memory_of_waiting_pictures) {
  Queue queue({.jobs = 100, .bytes = 1000});
  ASSERT_TRUE(queue.push(job("a", 0, 5000)).ok()) << "a single job may always wait";
  EXPECT_EQ(queue.push(job("b", 0, 1)).error().code, ErrorCode::queue_full);
  EXPECT_TRUE(queue.remove("a"));
  ASSERT_TRUE(queue.push(job("c", 0, 600)).ok());
  ASSERT_TRUE(queue.push(job("d", 0, 400)).ok());
  EXPECT_EQ(queue.push(job("e", 0, 1)).error().code, ErrorCode::queue_full);
}

TEST(RequestQueue, a_job_is_removed_once) {
  Queue queue;
  ASSERT_TRUE(queue.push(job("a")).ok());
  EXPECT_TRUE(queue.remove("a"));
  EXPECT_FALSE(queue.remove("a"));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(RequestQueue, gives_out_what_has_ended_or_is_too_late) {
  Queue queue;
  const auto ended = job("ended");
  ASSERT_TRUE(queue.push(ended).ok());
  ASSERT_TRUE(queue.push(job("waits")).ok());
  JobSpec spec;
  spec.id = "late";
  spec.deadline = Deadline::after(std::chrono::milliseconds(-1));
  ASSERT_TRUE(queue.push(std::make_shared<Job>(spec, EventSettings{})).ok());
  EXPECT_LE(queue.next_deadline(), std::chrono::steady_clock::now());
  ended->cancel("asked");
  EXPECT_EQ(queue.remove_overdue().size(), 2u);
  EXPECT_EQ(order(queue), "waits ");
}

TEST(RequestQueue, a_push_wakes_the_sleeper) {
  Queue queue;
  std::thread pusher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_TRUE(queue.push(job("a")).ok());
  });
  const auto start = std::chrono::steady_clock::now();
  queue.wakeup.wait_until(start + std::chrono::seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  pusher.join();
}

}  // namespace
}  // namespace sdw::jobs

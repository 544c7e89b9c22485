#include <gtest/gtest.h>
#include <optional>

#include "http/alarm.h"

namespace sdw::http {
namespace {

using Clock = std::chrono::steady_clock;

TEST(Alarm, rings_when_the_time_has_come) {
  net::io_context io;
  Timer timer(io.get_executor());
  bool called = false;
  const Alarm alarm(timer, Clock::now(), [&] { called = true; });
  io.run();
  EXPECT_TRUE(called);
  EXPECT_TRUE(alarm.rang());
}

// As a connection that ends in the moment in which its deadline passes: both are queued, and the end comes
// first.
TEST(Alarm, is_silent_once_it_is_gone_even_where_its_time_had_come) {
  net::io_context io;
  Timer first(io.get_executor()), second(io.get_executor());
  const Clock::time_point past = Clock::now() - std::chrono::seconds(1);
  bool called = false;
  std::optional<Alarm> alarm;
  first.expires_at(past - std::chrono::seconds(1));
  first.async_wait([&](const error_code&) { alarm.reset(); });
  alarm.emplace(second, past, [&] { called = true; });
  io.run();
  EXPECT_FALSE(alarm);
  EXPECT_FALSE(called) << "it ran after its owner was gone";
}

}  // namespace
}  // namespace sdw::http

#include <gtest/gtest.h>

#include "http/connection_table.h"

namespace sdw::http {
namespace {

struct FakeTransport final : Transport {
  Task<error_code> handshake(Duration) override { co_return error_code{}; }
  Task<std::size_t> read_some(std::span<char>, TimePoint, error_code&) override { co_return 0; }
  Task<error_code> write(std::span<const net::const_buffer>, Duration) override { co_return error_code{}; }
  Task<void> finish(Duration) override { co_return; }
  void interrupt() override {}
  void close() override { closed = true; }
  bool closed = false;
};

struct Connections {
  Connections(std::size_t in_all, std::size_t per_client) {
    limits.max_connections = in_all;
    limits.max_connections_per_client = per_client;
  }
  // The number of the new connection, or -1 where it was turned away.
  int open(const std::string& client, bool idle) {
    const auto place = table.enter(client);
    if (place == table.end()) return -1;
    transports.emplace_back();
    place->transport = &transports.back();
    table.set_idle(place, idle);
    return static_cast<int>(transports.size()) - 1;
  }

  HttpLimits limits;
  ConnectionTable table{limits};
  std::list<FakeTransport> transports;
  bool closed(int number) { return std::next(transports.begin(), number)->closed; }
};

TEST(ConnectionTable, TheLongestIdleOneGivesWay) {
  Connections connections(3, 3);
  const int busy = connections.open("a", false);
  const int idle_first = connections.open("b", true);
  const int idle_second = connections.open("c", true);
  EXPECT_EQ(connections.open("d", false), 3);
  EXPECT_FALSE(connections.closed(busy));
  EXPECT_TRUE(connections.closed(idle_first));
  EXPECT_FALSE(connections.closed(idle_second));
}

TEST(ConnectionTable, WhereAllAreBusyANewcomerIsTurnedAway) {
  Connections connections(2, 2);
  connections.open("a", false);
  connections.open("b", false);
  EXPECT_EQ(connections.open("c", false), -1);
}

TEST(ConnectionTable, AClientAtItsOwnLimitLosesItsOwnIdleConnection) {
  Connections connections(10, 2);
  const int other = connections.open("b", true);
  connections.open("a", false);
  const int own = connections.open("a", true);
  EXPECT_NE(connections.open("a", false), -1);
  EXPECT_TRUE(connections.closed(own));
  EXPECT_FALSE(connections.closed(other));
}

TEST(ConnectionTable, LeavingMakesRoom) {
  Connections connections(1, 1);
  const auto place = connections.table.enter("a");
  EXPECT_EQ(connections.open("a", false), -1);
  connections.table.leave(place);
  EXPECT_EQ(connections.open("a", false), 0);
}

}  // namespace
}  // namespace sdw::http

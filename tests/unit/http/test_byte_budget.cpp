#include <gtest/gtest.h>
#include <list>

#include "http/byte_budget.h"

namespace sdw::http {
namespace {

constexpr std::size_t kFree = ByteBudget::kFree;

struct Holder {
  explicit Holder(ByteBudget& budget) : share(budget, [this] { ++interrupted; }) {}
  int interrupted = 0;
  ByteBudget::Share share;
};

TEST(ByteBudget, WhatIsHeldIsGivenBack) {
  std::size_t told = 1;
  ByteBudget budget(1000, [&](std::size_t held) { told = held; });
  {
    Holder holder(budget);
    EXPECT_TRUE(holder.share.resize(kFree + 1000));
    EXPECT_EQ(budget.held(), 1000u);
    EXPECT_EQ(told, 1000u);
    EXPECT_TRUE(holder.share.resize(kFree + 10));
    EXPECT_EQ(budget.held(), 10u);
  }
  EXPECT_EQ(budget.held(), 0u);
  EXPECT_EQ(told, 0u);
}

TEST(ByteBudget, SmallBodiesAlwaysFit) {
  ByteBudget budget(100);
  Holder large(budget), small(budget);
  EXPECT_TRUE(large.share.resize(kFree + 100));
  EXPECT_FALSE(budget.has_room(kFree + 1));
  EXPECT_TRUE(budget.has_room(kFree));
  EXPECT_TRUE(small.share.resize(kFree));
  EXPECT_FALSE(small.share.resize(kFree + 1));
}

TEST(ByteBudget, TheYoungestGivesWayToAnOlderOne) {
  ByteBudget budget(300);
  Holder oldest(budget), middle(budget), youngest(budget), empty(budget);
  for (Holder* each : {&oldest, &middle, &youngest}) EXPECT_TRUE(each->share.resize(kFree + 100));
  EXPECT_TRUE(oldest.share.resize(kFree + 150));
  EXPECT_EQ(youngest.interrupted, 1);
  EXPECT_EQ(middle.interrupted + empty.interrupted, 0);
  EXPECT_EQ(budget.held(), 250u);
  EXPECT_FALSE(youngest.share.resize(kFree)) << "what gave way is refused, however small";
  EXPECT_TRUE(youngest.share.resize(0));
}

TEST(ByteBudget, TheYoungestIsRefusedItself) {
  ByteBudget budget(300);
  Holder oldest(budget), youngest(budget);
  EXPECT_TRUE(oldest.share.resize(kFree + 200));
  EXPECT_TRUE(youngest.share.resize(kFree + 100));
  EXPECT_FALSE(youngest.share.resize(kFree + 101));
  EXPECT_EQ(oldest.interrupted, 0);
  EXPECT_EQ(budget.held(), 300u);
}

TEST(ByteBudget, ACompleteBodyDoesNotGiveWay) {
  ByteBudget budget(300);
  Holder oldest(budget), complete(budget);
  EXPECT_TRUE(complete.share.resize(kFree + 200));
  complete.share.settle();
  EXPECT_FALSE(oldest.share.resize(kFree + 101));
  EXPECT_TRUE(oldest.share.resize(kFree + 100));
  EXPECT_EQ(complete.interrupted, 0);
}

TEST(ByteBudget, OfManyThatGrowTogetherTheFirstFinish) {
  ByteBudget budget(256);
  std::list<Holder> holders;
  for (int i = 0; i < 20; ++i) holders.emplace_back(budget);
  std::list<int> finished;
  for (std::size_t size = 1; size <= 40; ++size) {
    int number = 0;
    for (Holder& holder : holders) {
      const bool held = holder.share.resize(kFree + size);
      EXPECT_LE(budget.held(), 256u);
      if (held && size == 40) finished.push_back(number);
      ++number;
    }
  }
  EXPECT_EQ(finished, (std::list<int>{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace sdw::http

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>

namespace sdw::http {

// The memory that request bodies and answers take together. Whoever came first goes first: a body that still
// arrives gives way to an older one, so that some always finish. I/O thread only.
class ByteBudget {
 public:
  // What each holder may have beyond the budget, as part of what a connection costs anyway.
  static constexpr std::size_t kFree = 16 << 10;

  class Share;

  // `on_change` is told how many bytes are held.
  explicit ByteBudget(std::size_t limit, std::function<void(std::size_t held)> on_change = {})
      : limit_(limit), on_change_(std::move(on_change)) {}

  // Whether so many bytes fit beside what is held now.
  bool has_room(std::uint64_t bytes) const;
  std::size_t held() const { return held_; }

 private:
  void set(Share& share, std::size_t bytes);

  const std::size_t limit_;
  const std::function<void(std::size_t)> on_change_;
  std::size_t held_ = 0;
  std::list<Share*> unsettled_;  // oldest first
};

// One exchange's part of the budget, given back when it goes. Not movable.
class ByteBudget::Share {
 public:
  // `give_way` is called when an older holder needs these bytes: it ends what brings more of them.
  Share(ByteBudget& budget, std::function<void()> give_way);
  ~Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  // Holds `bytes` instead of what it held. False, and nothing changes, without room for them. After it gave
  // way it holds nothing, and only 0 is true.
  [[nodiscard]] bool resize(std::size_t bytes);
  // What it holds is complete: it does not give way any more.
  void settle();

 private:
  friend class ByteBudget;
  bool make_room(std::size_t counted);
  bool settled() const { return place_ == budget_.unsettled_.end(); }

  ByteBudget& budget_;
  const std::function<void()> give_way_;
  std::list<Share*>::iterator place_;  // the end once settled
  std::size_t counted_ = 0;
  bool gave_way_ = false;
};

}  // namespace sdw::http

#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace sdw::jobs {

// The values of the keys that were asked for last, at most `capacity` of them. Not safe from several threads.
template <class Key, class Value>
class LruCache {
 public:
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  // Null: not there. Valid until the next put().
  const Value* find(const Key& key) {
    const auto at = places_.find(key);
    if (at == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->second;
  }

  void put(Key key, Value value) {
    if (capacity_ == 0 || places_.contains(key)) return;
    if (entries_.size() == capacity_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, std::move(value));
    places_.emplace(std::move(key), entries_.begin());
  }

  std::size_t size() const { return entries_.size(); }

 private:
  const std::size_t capacity_;
  std::list<std::pair<Key, Value>> entries_;  // most recently used first
  std::map<Key, typename std::list<std::pair<Key, Value>>::iterator> places_;
};

}  // namespace sdw::jobs

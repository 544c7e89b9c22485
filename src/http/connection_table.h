#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "http/settings.h"
#include "http/transport.h"

namespace sdw::http {

// The open connections, in all and by client. One without a whole request header (idle, in its TLS handshake,
// or with slow headers) gives way to a newcomer, the one that has waited longest first; a newcomer is turned
// away only if every place is busy.
class ConnectionTable {
 public:
  struct Entry {
    std::string client;
    bool idle = false;
    Transport* transport = nullptr;  // the connection's own, set once it begins
  };
  using Place = std::list<Entry>::iterator;

  explicit ConnectionTable(const HttpLimits& limits) : limits_(limits) {}

  // A place for a new connection, after closing an idle one where that is needed; `end()` where there is
  // none. A closed connection leaves by itself, soon.
  Place enter(const std::string& client);
  void leave(Place place);
  void set_idle(Place place, bool idle);
  Place end() { return entries_.end(); }

  // Closes the connection that has waited longest for its next request; false where none waits.
  bool close_longest_idle() { return close_longest_idle(nullptr); }
  void close_idle();
  void close_all();
  std::size_t size() const { return entries_.size(); }

 private:
  bool close_longest_idle(const std::string* client);

  const HttpLimits& limits_;
  std::list<Entry> entries_;  // idle ones in the order in which they became so
  std::map<std::string, std::size_t> by_client_;
};

}  // namespace sdw::http

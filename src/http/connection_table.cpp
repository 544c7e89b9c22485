#include "http/connection_table.h"

#include <algorithm>

namespace sdw::http {

ConnectionTable::Place ConnectionTable::enter(const std::string& client) {
  const auto of_client = by_client_.find(client);
  const std::size_t count = of_client == by_client_.end() ? 0 : of_client->second;
  if (count >= limits_.max_connections_per_client && !close_longest_idle(&client)) return entries_.end();
  if (entries_.size() >= limits_.max_connections && !close_longest_idle(nullptr)) return entries_.end();
  ++by_client_[client];
  entries_.push_back(Entry{client});
  return std::prev(entries_.end());
}

void ConnectionTable::leave(Place place) {
  const auto of_client = by_client_.find(place->client);
  if (of_client != by_client_.end() && --of_client->second == 0) by_client_.erase(of_client);
  entries_.erase(place);
}

void ConnectionTable::set_idle(Place place, bool idle) {
  place->idle = idle;
  if (idle) entries_.splice(entries_.end(), entries_, place);
}

bool ConnectionTable::close_longest_idle(const std::string* client) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.idle && entry.transport && (client == nullptr || entry.client == *client);
  });
  if (found == entries_.end()) return false;
  found->idle = false;
  found->transport->close();
  return true;
}

void ConnectionTable::close_idle() {
  while (close_longest_idle(nullptr)) {
  }
}

void ConnectionTable::close_all() {
  for (const Entry& entry : entries_) {
    if (entry.transport) entry.transport->close();
  }
}

}  // namespace sdw::http

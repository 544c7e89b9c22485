#pragma once

#include <memory>
#include <string>

#include "http/byte_budget.h"
#include "http/connection_table.h"
#include "http/gate.h"
#include "http/handle.h"
#include "http/http_metrics.h"
#include "http/settings.h"
#include "http/transport.h"

namespace sdw::http {

// What every connection works with; all outlive the connections.
struct Services {
  const ServerSettings& settings;
  const Gate& gate;
  ConnectionTable& connections;
  ByteBudget& bytes;
  HttpMetrics& metrics;
  const WorkerPools& pools;
  bool closing = false;         // no connection is kept for a next request
  std::size_t turned_away = 0;  // connections without a place that are being told so
};

// Answers the requests of one connection, one after the other, until either side ends it.
Task<void> serve_connection(std::unique_ptr<Transport> transport, std::string client, Services& services);

}  // namespace sdw::http

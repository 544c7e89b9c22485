#pragma once

#include <prometheus/registry.h>

#include "cli/serve_options.h"
#include "http/api.h"
#include "jobs/backend.h"
#include "jobs/observer.h"
#include "support/result.h"

namespace sdw::cli {

// What has to be right before anything is loaded: the key, the TLS files, the names and
// origins, an address that may be bound. Fills in `options.http.api_key`. Error: invalid_request.
Status check_exposure(ServeOptions& options);

// Serves with this backend until SIGTERM, SIGINT or SIGHUP. Writes "listening on URL" to standard error once
// requests are answered. Errors: those of the models and the address.
Status run_worker(const ServeOptions& options, jobs::Backend& backend, jobs::Observer& observer,
                  prometheus::Registry& registry, const http::About& about);

}  // namespace sdw::cli

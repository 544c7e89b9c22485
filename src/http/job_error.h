#pragma once

#include "http/response.h"
#include "jobs/app_state.h"

namespace sdw::http {

// error_response() with Retry-After from the predicted wait where trying again may help.
Response job_error(const jobs::AppState& app, const Error& error);

void add_retry_after(const jobs::AppState& app, Response& response);

}  // namespace sdw::http

#include "http/api.h"

namespace sdw::http {

Router make_router(const Api& api) {
  Router router;
  add_job_routes(router, api);
  add_stream_route(router, api);
  add_picture_route(router, api);
  add_model_routes(router, api);
  add_health_routes(router, api);
  add_metrics_route(router, api);
  add_info_route(router, api);
  add_docs_routes(router, api);
  add_page_routes(router);
  return router;
}

}  // namespace sdw::http

#include "contract/openapi.h"
#include "http/api.h"
#include "http/etag.h"

namespace sdw::http {

// The page that shows the document, /docs, is a file of web/.
void add_docs_routes(Router& router, const Api& api) {
  const auto document = std::make_shared<const std::string>(
      contract::openapi_document({.version = api.about.version,
                                  .limits = api.app.limits,
                                  .precisions = api.app.backend.precisions(),
                                  .needs_key = !api.settings.api_key.empty()}));
  router.add(
      {.method = Method::get,
       .pattern = "/openapi.json",
       .handler = [document, tag = tag_of(*document)](Request& request, const PathValues&) -> Response {
         Response response = json_response(200, {});
         response.body = SharedBody{document, *document};
         return with_etag(request, std::move(response), tag);
       }});
}

}  // namespace sdw::http

#include "http/api.h"
#include "http/etag.h"
#include "http/openapi.h"

namespace sdw::http {

// The page that shows the document, /docs, is a file of web/.
void add_docs_routes(Router& router, const Api& api) {
  const std::string document = openapi_document(api);
  router.add({.method = Method::get,
              .pattern = "/openapi.json",
              .handler = [document, tag = tag_of(document)](Request& request, const PathValues&) -> Response {
                return with_etag(request, json_response(200, document), tag);
              }});
}

}  // namespace sdw::http

#include "http/api.h"
#include "http/assets.h"
#include "http/etag.h"

namespace sdw::http {
namespace {

// Everything the pages need comes from here; pictures also from memory, as data: and blob: URLs.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "
    "'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// "index.html" -> "/", "docs/index.html" -> "/docs", "js/app.js" -> "/js/app.js"
std::string url_of(std::string_view path) {
  std::string url(1, '/');
  url += path;
  constexpr std::string_view kIndex = "/index.html";
  if (url.ends_with(kIndex)) url.resize(url.size() - kIndex.size());
  return url.empty() ? "/" : url;
}

Response read_asset(const Request& request, const Asset& asset, const std::string& tag) {
  Response response;
  response.headers.set("Content-Type", content_type_of(asset.path));
  response.headers.set("Cache-Control", "no-cache");  // kept, but asked about each time
  response.headers.set("Content-Security-Policy", std::string(kPolicy));
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  response.body = SharedBody{nullptr, asset.bytes};
  return with_etag(request, std::move(response), tag);
}

}  // namespace

std::string_view content_type_of(std::string_view path) {
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".json")) return "application/json";
  if (path.ends_with(".svg")) return "image/svg+xml";
  if (path.ends_with(".png")) return "image/png";
  if (path.ends_with(".webmanifest")) return "application/manifest+json";
  return "application/octet-stream";
}

void add_page_routes(Router& router) {
  for (const Asset& asset : embedded_assets()) {
    router.add(
        {.method = Method::get,
         .pattern = url_of(asset.path),
         .handler = [&asset, tag = tag_of(asset.bytes)](Request& request, const PathValues&) -> Response {
           return read_asset(request, asset, tag);
         }});
  }
}

}  // namespace sdw::http

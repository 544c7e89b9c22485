#include "http/router.h"

#include <optional>
#include <set>

namespace sdw::http {
namespace {

std::vector<std::string> split(std::string_view pattern) {
  std::vector<std::string> segments;
  std::size_t begin = 1;  // behind the leading slash
  while (begin <= pattern.size()) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    segments.emplace_back(pattern.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

std::optional<PathValues> bind(const std::vector<std::string>& pattern,
                               const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  PathValues values;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      if (path[i].empty()) return std::nullopt;
      values.emplace(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return values;
}

std::string join(const std::set<std::string>& methods) {
  std::string text;
  for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
  return text;
}

}  // namespace

void Router::add(Route route) {
  segments_.push_back(split(route.pattern));
  routes_.push_back(std::move(route));
}

RouteMatch Router::match(Method method, const std::vector<std::string>& path) const {
  RouteMatch match;
  const Method wanted = method == Method::head ? Method::get : method;
  std::set<std::string> methods;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto values = bind(segments_[i], path);
    if (!values) continue;
    match.pattern = routes_[i].pattern;
    if (routes_[i].method == wanted) {
      match.route = &routes_[i];
      match.values = std::move(*values);
      return match;
    }
    methods.insert(std::string(to_string(routes_[i].method)));
    if (routes_[i].method == Method::get) methods.insert("HEAD");
  }
  if (methods.empty()) return match;
  methods.insert("OPTIONS");
  match.allow = join(methods);
  return match;
}

}  // namespace sdw::http

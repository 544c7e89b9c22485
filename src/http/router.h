#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"
#include "http/response.h"

namespace sdw::http {

// What the route's pattern bound: "/v1/jobs/{id}" binds "id".
using PathValues = std::map<std::string, std::string, std::less<>>;

// Must return within a millisecond whatever the worker holds, unless its route runs off the I/O thread.
using Handler = std::function<Response(Request& request, const PathValues& values)>;

enum class RunsOn {
  io_thread,
  intake,   // decodes what clients send; may take seconds
  readers,  // renders long answers; takes milliseconds
};

struct Route {
  Method method = Method::get;
  std::string pattern;  // segments; one in braces binds any that is not empty
  Handler handler;
  bool open = false;  // answered without a key
  RunsOn runs_on = RunsOn::io_thread;
};

struct RouteMatch {
  const Route* route = nullptr;  // null: no such path, or not with this method
  PathValues values;
  std::string pattern;  // empty: no such path
  std::string allow;    // without a route: methods of the path, for the Allow header; empty: no such path
};

// The one table of what this server answers.
class Router {
 public:
  void add(Route route);
  // HEAD finds the route of GET.
  RouteMatch match(Method method, const std::vector<std::string>& path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  // of the pattern of the route at the same place
};

}  // namespace sdw::http

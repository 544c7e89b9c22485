#include "http/connection.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/error.hpp>
#include <utility>

#include "http/handle.h"
#include "http/request_context.h"
#include "http/request_reader.h"
#include "http/response_writer.h"

namespace sdw::http {
namespace {

using namespace std::chrono_literals;
using Outcome = RequestReader::Outcome;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::size_t kLingerBytes = 256 << 20;
constexpr std::string_view kSecondsUntilRoom = "5";  // for a body: others finish, or are ended
constexpr auto kLinger = 5s;
constexpr auto kLastLinger = 200ms;  // once the server closes
constexpr std::size_t kMaxTurnedAway = 64;

// A place in the table for as long as the connection lasts.
class Membership {
 public:
  Membership(Services& services, const std::string& client, Transport& transport)
      : services_(services), place_(services.connections.enter(client)) {
    if (admitted()) place_->transport = &transport;
    services_.metrics.connections(services_.connections.size());
  }
  ~Membership() {
    if (admitted()) services_.connections.leave(place_);
    services_.metrics.connections(services_.connections.size());
  }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  bool admitted() const { return place_ != services_.connections.end(); }
  void set_idle(bool idle) { services_.connections.set_idle(place_, idle); }

 private:
  Services& services_;
  ConnectionTable::Place place_;
};

// Takes what the peer is still sending, so that its system does not drop our last words with a reset.
Task<void> linger(Transport& transport, const Services& services) {
  using Clock = std::chrono::steady_clock;
  co_await transport.finish(1s);
  auto until = Clock::now() + kLinger;
  std::array<char, 16 << 10> discarded;
  bool last = false;
  for (std::size_t total = 0; total < kLingerBytes && Clock::now() < until;) {
    if (services.closing && !std::exchange(last, true)) until = std::min(until, Clock::now() + kLastLinger);
    error_code error;
    const auto look_again = std::min(until, Clock::now() + kLastLinger / 2);
    total += co_await transport.read_some(discarded, look_again, error);
    if (error && error != beast::error::timeout) co_return;
  }
}

// One request and its answer; false: the connection ends.
class Exchange {
 public:
  Exchange(Transport& transport, RequestReader& reader, Services& services, const std::string& client)
      : transport_(transport),
        reader_(reader),
        services_(services),
        share_(services.bytes, [&transport] { transport.interrupt(); }) {
    request_.client = client;
    request_.received = std::chrono::steady_clock::now();
  }

  Task<bool> run(Membership& membership) {
    Outcome outcome = co_await reader_.read_head(request_);
    if (outcome == Outcome::closed) co_return false;
    membership.set_idle(false);
    identify(request_);
    if (outcome == Outcome::refused) {
      co_return co_await refuse(protocol_error(reader_.refusal()));
    }
    whole_ = true;
    Gate::Verdict verdict = services_.gate.judge(request_);
    pattern_ = verdict.match.pattern;
    if (verdict.refusal) {
      co_return co_await refuse(std::move(*verdict.refusal));
    }
    if (!services_.bytes.has_room(reader_.announced_bytes())) {
      co_return co_await refuse(protocol_error(no_room_for_body()));
    }
    if (reader_.body_pending() && reader_.expects_continue()) {
      const net::const_buffer go_on = net::buffer(kContinue.data(), kContinue.size());
      if (co_await transport_.write({&go_on, 1}, services_.settings.limits.write_timeout)) co_return false;
    }
    outcome = co_await reader_.read_body(request_, share_);
    if (outcome == Outcome::closed) co_return false;
    if (outcome == Outcome::refused) {
      co_return co_await refuse(protocol_error(reader_.refusal()));
    }
    share_.settle();
    Response response =
        co_await handle(*verdict.match.route, request_, verdict.match.values, services_.pools);
    request_.body.clear();
    const auto* text = std::get_if<std::string>(&response.body);
    if (!share_.resize(text ? text->size() : 0)) response = protocol_error(no_room_for_body());
    const bool keep_alive = reader_.keep_alive() && !response.is_stream() && !services_.closing;
    co_return co_await answer(std::move(response), keep_alive);
  }

 private:
  static Response protocol_error(const ProtocolError& error) {
    Response response = http::protocol_error(error.status, error.message);
    if (error.status == 503) response.headers.set("Retry-After", kSecondsUntilRoom);
    return response;
  }

  // What is left of the body is not read, so the connection cannot go on unless there is none.
  Task<bool> refuse(Response response) {
    reader_.drop_body();
    (void)share_.resize(0);
    const bool keep_alive = whole_ && !reader_.body_pending() && reader_.keep_alive() && !services_.closing;
    co_return co_await answer(std::move(response), keep_alive);
  }

  Task<bool> answer(Response response, bool keep_alive) {
    finish_headers(services_.settings, request_, response);
    const error_code error =
        co_await write_response(transport_, services_.settings.limits, request_, response, keep_alive);
    record(services_.metrics, request_, pattern_, response);
    if (error) co_return false;
    if (!keep_alive) {
      co_await linger(transport_, services_);
    }
    co_return keep_alive;
  }

  Transport& transport_;
  RequestReader& reader_;
  Services& services_;
  ByteBudget::Share share_;  // of the body until it is handled, then of the answer
  Request request_;
  std::string pattern_;
  bool whole_ = false;  // the header was understood, so that the next request's beginning is known
};

// How many are being turned away: they have no place in the table, but a descriptor each.
class TurnedAway {
 public:
  explicit TurnedAway(Services& services) : services_(services) { ++services_.turned_away; }
  ~TurnedAway() { --services_.turned_away; }
  TurnedAway(const TurnedAway&) = delete;
  TurnedAway& operator=(const TurnedAway&) = delete;
  bool too_many() const { return services_.turned_away > kMaxTurnedAway; }

 private:
  Services& services_;
};

Task<void> turn_away(Transport& transport, Services& services) {
  const TurnedAway one(services);
  Request request;
  Response response = http::protocol_error(503, "Too many connections are open.");
  response.headers.set("Retry-After", "1");
  const HttpLimits& limits = services.settings.limits;
  if (co_await write_response(transport, limits, request, response, false) || one.too_many()) co_return;
  co_await linger(transport, services);
}

}  // namespace

Task<void> serve_connection(std::unique_ptr<Transport> transport, std::string client, Services& services) {
  const HttpLimits& limits = services.settings.limits;
  Membership membership(services, client, *transport);
  if (!membership.admitted()) {
    // A handshake is too dear for one who gets no answer but this.
    if (services.settings.tls_certificate.empty()) co_await turn_away(*transport, services);
    co_return;
  }
  membership.set_idle(true);
  if (co_await transport->handshake(limits.header_timeout)) co_return;
  RequestReader reader(*transport, limits);
  for (bool first = true;; first = false) {
    membership.set_idle(true);
    if (co_await reader.await_request(first) != Outcome::done) co_return;
    Exchange exchange(*transport, reader, services, client);
    if (!co_await exchange.run(membership)) co_return;
  }
}

}  // namespace sdw::http

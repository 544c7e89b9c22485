#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace sdw::http {
namespace {

struct Outcome {
  unsigned status = 0;  // 0: taken
  Request request;
};

Outcome parse(std::string text, HttpLimits limits = {}) {
  RequestParser parser(limits);
  Outcome outcome;
  std::optional<ProtocolError> error;
  while (!parser.done() && !error) {
    const std::size_t used = parser.put(text, error);
    text.erase(0, used);
    if (used == 0) break;
  }
  if (!error && parser.head_done()) error = parser.read_head(outcome.request);
  if (error) outcome.status = error->status;
  if (parser.done()) outcome.request.body = parser.take_body();
  return outcome;
}

TEST(RequestParser, TakesAPathApart) {
  const Outcome outcome =
      parse("GET /v1/jobs/a%20b?limit=3&state=a+b HTTP/1.1\r\nHost: x\r\nName: value\r\n\r\n");
  EXPECT_EQ(outcome.status, 0u);
  EXPECT_EQ(outcome.request.path, (std::vector<std::string>{"v1", "jobs", "a b"}));
  EXPECT_EQ(outcome.request.query_value("limit"), "3");
  EXPECT_EQ(outcome.request.query_value("state"), "a b");
  EXPECT_EQ(outcome.request.headers["NAME"], "value");
}

TEST(RequestParser, AnEscapedSlashStaysWithinItsSegment) {
  const Outcome outcome = parse("GET /v1/%2e%2e%2fetc HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(outcome.request.path, (std::vector<std::string>{"v1", "../etc"}));
}

TEST(RequestParser, JoinsChunks) {
  const Outcome outcome = parse(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(outcome.status, 0u);
  EXPECT_EQ(outcome.request.body.view(), "abcde");
}

TEST(RequestParser, TakesManyChunksAtOnce) {
  std::string text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::size_t head = text.size();
  for (int i = 0; i < 10'000; ++i) text += "1\r\nx\r\n";
  text += "0\r\n\r\n";
  RequestParser parser{HttpLimits{}};
  std::optional<ProtocolError> error;
  ASSERT_EQ(parser.put(text, error), head);
  EXPECT_EQ(parser.put(std::string_view(text).substr(head), error), text.size() - head);
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.take_body().view(), std::string(10'000, 'x'));
}

TEST(RequestParser, NothingIsReservedForABodyThatIsOnlyAnnounced) {
  RequestParser parser{HttpLimits{}};
  std::optional<ProtocolError> error;
  std::string text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n";
  text.erase(0, parser.put(text, error));
  EXPECT_EQ(parser.content_length(), 50'000'000u);
  (void)parser.put("{", error);
  EXPECT_FALSE(error);
  EXPECT_EQ(parser.body_size(), 1u);
}

TEST(RequestParser, ARequestThatTwoServersMightReadDifferentlyIsRefused) {
  EXPECT_EQ(
      parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
          .status,
      400u);
  EXPECT_EQ(
      parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")
          .status,
      400u);
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd").status,
            400u);
  EXPECT_EQ(
      parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n").status,
      501u);
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n0\r\n\r\n")
                    .status /
                100,
            4u);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n").status, 400u);
}

TEST(RequestParser, LimitsHold) {
  HttpLimits limits;
  limits.max_header_bytes = 1024;
  limits.max_body_bytes = 10;
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: x\r\nLong: " + std::string(2000, 'y') + "\r\n\r\n", limits).status,
            431u);
  EXPECT_EQ(parse("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n", limits).status, 413u);
  EXPECT_EQ(
      parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n",
            limits)
          .status,
      413u);
}

}  // namespace
}  // namespace sdw::http

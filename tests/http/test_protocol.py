"""HTTP itself: hostile bytes, limits and time limits, each with the status it gets."""

import json
import socket
import time
from contextlib import closing

import pytest
from worker import job, read_all, status_of

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
BODY = json.dumps(job()).encode()


def post(headers=b"", body=BODY, length=None):
    length = len(body) if length is None else length
    return b"POST /v1/jobs HTTP/1.1\r\n" + HOST + headers + b"Content-Length: %d\r\n\r\n" % length + body


def chunked(*chunks, headers=b""):
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"POST /v1/jobs HTTP/1.1\r\n" + HOST + headers + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


REFUSED = {
    "no HTTP": (b"\x00\x01\x02\x03\r\n\r\n", 400),
    "no version": (b"GET /health\r\n" + HOST + b"\r\n", 400),
    "HTTP/2.0": (b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "a version that is none": (b"GET /health HTTX/1.1\r\n" + HOST + b"\r\n", 400),
    "a version of three parts": (b"GET /health HTTP/1.1.1\r\n" + HOST + b"\r\n", 400),
    "a version without its minor": (b"GET /health HTTP/1\r\n" + HOST + b"\r\n", 400),
    "words behind the version": (b"GET /health HTTP/1.1 x\r\n" + HOST + b"\r\n", 400),
    "two spaces": (b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no method": (b" /health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method alone": (b"GET\r\n" + HOST + b"\r\n", 400),
    "another scheme": (b"GET ftp://localhost/health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a user in the target": (b"GET http://a@localhost/health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "two Hosts in 1.0": (b"GET /health HTTP/1.0\r\n" + HOST + HOST + b"\r\n", 400),
    "two Origins": (b"GET /health HTTP/1.1\r\n" + HOST + b"Origin: http://localhost\r\nOrigin: https://evil.example\r\n\r\n", 400),
    "two keys": (b"GET /health HTTP/1.1\r\n" + HOST + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400),
    "two idempotency keys": (post(b"Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400),
    "two content encodings": (post(b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), 400),
    "HTTP/0.9": (b"GET /health HTTP/0.9\r\n\r\n", 505),
    "TLS on the plain port": (bytes.fromhex("16030100c8010000c40303") + b"\0" * 200, 400),
    "no Host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /health HTTP/1.1\r\n" + HOST + b"Host: other\r\n\r\n", 400),
    "space before the colon": (b"GET /health HTTP/1.1\r\n" + HOST + b"Name : x\r\n\r\n", 400),
    "NUL in a header": (b"GET /health HTTP/1.1\r\n" + HOST + b"Name: a\0b\r\n\r\n", 400),
    "no path": (b"GET health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "NUL in the path": (b"GET /v1/jobs/%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "bad percent code": (b"GET /v1/jobs/%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "length and chunked": (post(b"Transfer-Encoding: chunked\r\n"), 400),
    "chunked and length": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (post(b"Content-Length: 3\r\n"), 400),
    "two equal lengths": (post(b"Content-Length: %d\r\n" % len(BODY)), 400),
    "a list of two lengths": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Content-Length: %d, 3\r\n\r\n" % len(BODY) + BODY, 400),
    "a list of two equal lengths": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Content-Length: %d, %d\r\n\r\n" % (len(BODY), len(BODY)) + BODY, 400),
    "length of 2^64": (post(length=2**64), 400),
    "negative length": (post(length=-1), 400),
    "length with a sign": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nabcde", 400),
    "unknown transfer coding": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked in 1.0": (b"POST /v1/jobs HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunk size overflow": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
    "chunk size of 2^63": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n", 413),
    "chunk size no number": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    "endless chunk extension": (b"POST /v1/jobs HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 100_000, 400),
    "compressed body": (post(b"Content-Encoding: gzip\r\n"), 415),
    "unknown expectation": (post(b"Expect: 200-ok\r\n"), 417),
    "64 k of headers": (b"GET /health HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 16_000, 431),
    "one long header": (b"GET /health HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 65_536, 431),
    "a long path": (b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\n" + HOST, 431),
    "a body beyond the limit": (post(length=10**9), 413),
}


@pytest.mark.parametrize("request_bytes, status", REFUSED.values(), ids=REFUSED)
def test_bad_http_is_refused_and_the_connection_ends(worker, request_bytes, status):
    answer = worker.exchange(request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == status, answer[:300]
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    assert b"connection: close" in head.lower()
    assert worker.client.get("/health").status_code == 200


def test_unknown_routes_and_methods(worker):
    missing = worker.client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    wrong = worker.client.put("/v1/jobs", json={})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert worker.client.request("BREW", "/health").status_code == 405
    assert worker.client.get("/v1/jobs/").status_code == 404


def test_options_tells_the_methods(worker):
    response = worker.client.options("/v1/jobs")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert status_of(worker.exchange(b"OPTIONS * HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")) == 204


def test_head_has_the_headers_of_get_and_no_body(worker):
    get, head = worker.client.get("/health"), worker.client.head("/health")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))


def test_a_connection_serves_several_requests_and_pipelined_ones_in_order(worker):
    requests = (b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n") + post() + (b"GET /ready HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    answer = worker.exchange(requests)
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 202, 200]


def test_thousands_of_pipelined_requests_take_no_memory(start):
    worker = start()
    before = worker.resident_bytes()
    get = b"GET /health HTTP/1.1\r\n" + HOST
    answer = worker.exchange((get + b"\r\n") * 5_000 + get + CLOSE + b"\r\n", timeout=60)
    assert answer.count(b"HTTP/1.1 200 OK") == 5_001
    grown = worker.resident_bytes() - before
    assert grown < 16 << 20, f"{grown >> 20} MiB more"


def test_a_refused_request_with_its_body_does_not_end_the_connection_in_a_reset(worker):
    body = b"x" * 3_000_000
    answer = worker.exchange(b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert status_of(answer) == 404


def test_http_1_0_ends_after_the_answer_unless_asked_to_stay(worker):
    answer = worker.exchange(b"GET /health HTTP/1.0\r\n\r\n")
    assert status_of(answer) == 200 and b"connection: close" in answer.lower()
    with closing(worker.raw(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")) as connection:
        assert b"connection: keep-alive" in connection.recv(4096).lower()


def test_an_absolute_target_is_taken(worker):
    answer = worker.exchange(b"GET http://localhost/health?x=1 HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert status_of(answer) == 200


def test_chunked_bodies_are_taken_in_any_pieces(worker):
    assert status_of(worker.exchange(chunked(BODY, headers=CLOSE))) == 202
    single = [BODY[i : i + 1] for i in range(len(BODY))]
    assert status_of(worker.exchange(chunked(*single, headers=CLOSE))) == 202
    padded = [b" "] * 5000 + single
    assert status_of(worker.exchange(chunked(*padded, headers=CLOSE))) == 202


def test_a_chunked_body_beyond_the_limit_is_413(start):
    worker = start("--max-body-bytes", "10K")
    assert status_of(worker.exchange(chunked(*[b"x" * 1000] * 20))) == 413


def test_expect_100_continue_is_answered_before_the_body(worker):
    with closing(worker.raw(post(b"Expect: 100-continue\r\n" + CLOSE, body=b"", length=len(BODY)))) as connection:
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert status_of(read_all(connection)) == 202


def test_expect_100_continue_of_a_refused_request_gets_the_refusal(worker):
    request = post(b"Expect: 100-continue\r\n", body=b"", length=10**9)
    assert status_of(worker.exchange(request)) == 413


def test_a_half_closed_connection_gets_its_answer(worker):
    with closing(worker.raw(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert status_of(read_all(connection)) == 200


@pytest.mark.parametrize("part", [b"GET /health HTTP/1.1\r\nHos", post(length=len(BODY) + 1), chunked(BODY)[:-5]],
                         ids=["headers", "body", "chunks"])  # fmt: skip
def test_a_connection_half_closed_within_a_request_ends_without_a_job(start, part):
    worker = start()
    with closing(worker.raw(part)) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b""
    assert worker.client.get("/v1/jobs").json()["jobs"] == []


def test_slow_headers_and_slow_bodies_are_ended(start):
    worker = start("--header-timeout", "0.5", "--body-timeout", "0.5")
    for begin in (b"GET /health HTTP/1.1\r\nHost: loc", post(body=b"{", length=100)):
        with closing(worker.raw(begin)) as connection:
            before = time.monotonic()
            answer = b""
            while not answer and time.monotonic() - before < 5:
                time.sleep(0.1)
                try:
                    connection.sendall(b"x")
                    connection.settimeout(0.01)
                    answer = connection.recv(4096)
                except TimeoutError:
                    continue
            assert status_of(answer) == 408
            assert time.monotonic() - before < 2


def test_a_silent_connection_is_closed(start):
    worker = start("--header-timeout", "0.3", "--idle-timeout", "0.3")
    with closing(worker.raw()) as silent, closing(worker.raw(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")) as idle:
        assert read_all(silent) == b""
        assert status_of(read_all(idle)) == 200


def test_idle_connections_give_way_to_newcomers(start):
    worker = start("--max-connections", "20")
    idle = [worker.raw() for _ in range(30)]
    assert worker.client.get("/health").status_code == 200
    for connection in idle:
        connection.close()


def test_a_newcomer_is_turned_away_where_every_place_is_busy(start):
    worker = start("--max-connections-per-client", "5", FAKE_STEP_MS=100)
    job_id = worker.submit(steps=150)
    worker.client.close()
    request = f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    streams = [worker.raw(request) for _ in range(5)]
    for stream in streams:
        assert stream.recv(100)
    answer = worker.exchange(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
    assert status_of(answer) == 503 and b"retry-after" in answer.lower()
    for stream in streams:
        stream.close()
    worker.process.kill()


def test_a_client_turned_away_while_it_sends_gets_its_answer_and_no_reset(start):
    worker = start("--max-connections-per-client", "5", FAKE_STEP_MS=100)
    job_id = worker.submit(steps=150)
    worker.client.close()
    streams = [worker.raw(f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()) for _ in range(5)]
    for stream in streams:
        assert stream.recv(100)
    for _ in range(10):
        with closing(worker.raw(post(body=b"x" * 3_000_000))) as connection:
            answer = b""
            while piece := connection.recv(65536):  # a reset raises
                answer += piece
        assert status_of(answer) == 503
    for stream in streams:
        stream.close()
    worker.process.kill()


def test_ten_thousand_idle_connections_disturb_nobody(start):
    worker = start("--max-connections", "2000", "--max-connections-per-client", "1500")
    open_now = []
    try:
        for i in range(10_000):
            open_now.append(worker.raw())
            if len(open_now) > 3000:
                open_now.pop(0).close()
        before = time.monotonic()
        assert worker.client.get("/health").status_code == 200
        assert time.monotonic() - before < 1
        assert worker.open_files() < 1700
    finally:
        for connection in open_now:
            connection.close()


def test_every_answer_is_traced(worker):
    response = worker.client.get("/health", headers={"X-Request-Id": "abc-1"})
    assert response.headers["x-request-id"] == "abc-1"
    assert response.headers["server-timing"].startswith("total;dur=")
    assert response.headers["x-content-type-options"] == "nosniff"
    drawn = worker.client.get("/health", headers={"X-Request-Id": "no good"}).headers["x-request-id"]
    assert len(drawn) == 32


def test_answers_to_head_of_refusals_have_no_body(worker):
    answer = worker.exchange(b"HEAD /nowhere HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert status_of(answer) == 404 and answer.endswith(b"\r\n\r\n")

"""What one client, or many together, may cost: memory, connections, descriptors and the I/O thread's time."""

import resource
import ssl
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from test_protocol import CLOSE, HOST, post
from worker import FAKE, Worker, read_all, status_of

pytestmark = pytest.mark.alone

MIB = 1 << 20
BODY = 40 * MIB
GET = b"GET /health HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"


def upload(size=BODY):
    """A job's header and body of this size. The prompt is too long, which shows only once all of it is read."""
    frame = b'{"operation":"image_generation","prompt":"%s"}'
    body = frame % (b"x" * (size - len(frame) + 2))
    return post(body=b"", length=size), body


def held_bytes(worker):
    line = next(line for line in worker.client.get("/metrics").text.splitlines() if line.startswith("sd_worker_http_held_bytes "))
    return float(line.split()[1])


def wait_until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def send_quietly(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        pass  # it was refused meanwhile; the answer says so


# Beside the budget: each intake thread's own copy of a body, and what the program takes as it runs.
MARGIN = 2 * 48 * MIB + 32 * MIB


def test_unfinished_bodies_share_a_budget_and_the_first_clients_succeed(start):
    worker = start("--body-budget", "256M")
    before = worker.resident_bytes()
    head, body = upload()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(worker.raw(head, timeout=60))) for _ in range(20)]
        threads = [threading.Thread(target=send_quietly, args=(client, body[: BODY - 1000])) for client in clients]
        for thread in threads:
            thread.start()
        peak = 0
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, worker.resident_bytes() - before)
            time.sleep(0.01)
        assert peak < 256 * MIB + MARGIN, f"{peak >> 20} MiB more with 20 unfinished bodies of {BODY >> 20} MiB"
        assert worker.client.get("/health").status_code == 200
        assert worker.post().status_code == 202, "a small job goes through beside them"
        for client in clients[:6]:
            client.sendall(body[BODY - 1000 :])
        statuses = [status_of(read_all(client)) for client in clients[6:]]
        assert statuses == [503] * 14
        for client in clients[:6]:
            assert status_of(client.recv(4096)) == 422  # read to its end, and judged
    wait_until(lambda: held_bytes(worker) == 0, "no body is held any more")
    assert worker.wait(worker.submit())["state"] == "completed"


def test_a_body_without_room_is_refused_before_it_is_sent(start):
    worker = start("--body-budget", "4M", "--max-body-bytes", "3M")
    head, body = upload(3 * MIB)
    with closing(worker.raw(head + body[: 2 * MIB])) as first:
        wait_until(lambda: held_bytes(worker) > 1.9 * MIB, "the first body is held")
        for headers in (b"", b"Expect: 100-continue\r\n"):
            answer = worker.exchange(post(headers, body=b"", length=3 * MIB))
            assert status_of(answer) == 503 and b"retry-after: 5" in answer.lower()
        first.sendall(body[2 * MIB :])
        assert status_of(first.recv(4096)) == 422


def test_no_body_may_be_larger_than_the_budget(start):
    worker = start("--body-budget", "1M")
    assert worker.exchange(post(body=b"", length=MIB + 1)).startswith(b"HTTP/1.1 413")
    assert worker.client.get("/info").json()["limits"]["body_bytes"] == MIB


def test_an_announced_body_takes_no_memory(start):
    worker = start()
    with ExitStack() as stack:
        before = worker.resident_bytes()
        for _ in range(200):
            stack.enter_context(closing(worker.raw(post(body=b"{", length=40_000_000))))
        assert worker.client.get("/health").status_code == 200
        grown = worker.resident_bytes() - before
    assert grown < 200 * (128 << 10), f"{grown >> 10} KiB for 200 connections"
    assert held_bytes(worker) == 0


def loop_seconds(worker):
    """Processor time of the I/O thread, which is the program's first."""
    nanoseconds = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9


def test_chunks_of_one_byte_cost_no_more_than_their_bytes(start):
    worker = start()
    head = b"POST /v1/jobs HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    data = b"1\r\nx\r\n" * 400_000 + b"0\r\n\r\n"
    before = loop_seconds(worker)
    assert status_of(worker.exchange(head + data, timeout=60)) == 400
    spent = loop_seconds(worker) - before
    assert spent < 0.5, f"{spent:.2f} s of the I/O thread for {len(data)} bytes"


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A worker that has ended 200 jobs of long prompts."""
    running = Worker(tmp_path_factory.mktemp("full"), "--queue-size", "256", "--kept-jobs", "1000", FAKE_STEP_MS=0)
    for i in range(200):
        running.submit(prompt="a " * 500, steps=1, seed=i)
    running.wait_idle()
    yield running
    running.stop()


@pytest.mark.parametrize("path", ["/v1/jobs?limit=200", "/v1/jobs?limit=200&state=completed", "/metrics", "/v1/models"])
def test_long_answers_are_not_made_on_the_io_thread(full, path):
    times = 50
    before = loop_seconds(full)
    for _ in range(times):
        assert full.client.get(path).status_code == 200
    each = (loop_seconds(full) - before) / times
    assert each < 0.002, f"{1000 * each:.1f} ms of the I/O thread for {path}"


def test_a_page_of_long_prompts_has_fewer_jobs_and_goes_on(start):
    worker = start("--queue-size", "100", FAKE_STEP_MS=0)
    expected = [worker.submit(prompt="x" * 60_000, negative_prompt="y" * 60_000, steps=1) for _ in range(40)][::-1]
    worker.wait_idle()
    listed, cursor, pages = [], "", 0
    while cursor is not None:
        answer = worker.client.get("/v1/jobs", params={"limit": 200, "cursor": cursor})
        assert len(answer.content) < 1.5 * MIB
        page = answer.json()
        listed += [entry["id"] for entry in page["jobs"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert listed == expected and pages > 3


def test_readers_that_never_read_do_not_multiply_an_answer(start):
    """A job's result is one copy in memory, however many ask for it."""
    worker = start("--max-connections", "200", FAKE_STEP_MS=0)
    job_id = worker.submit(width=2048, height=2048, steps=1, output_format="png", count=8)
    worker.wait(job_id)
    size = len(worker.client.get(f"/v1/jobs/{job_id}").content)
    worker.client.get("/v1/jobs")
    before = worker.resident_bytes()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(closing(worker.raw(b"GET /v1/jobs/%s HTTP/1.1\r\n" % job_id.encode() + HOST + b"\r\n")))
        assert worker.client.get("/health").status_code == 200
        grown = worker.resident_bytes() - before
    assert grown < 32 * MIB, f"{grown >> 20} MiB for 100 readers of {size >> 10} KiB"


@pytest.fixture
def certificate(tmp_path):
    import trustme

    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    return "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem"


def test_tls_handshakes_that_never_end_give_way(start, certificate):
    worker = start(*certificate, "--max-connections", "20", "--header-timeout", "30")
    worker.client.close()
    with ExitStack() as stack:
        silent = [stack.enter_context(closing(worker.raw())) for _ in range(40)]
        assert httpx.get(f"{worker.url}/health", verify=False, timeout=10).status_code == 200
        assert worker.open_files() < 60
        assert [read_all(one) for one in silent[:15]] == [b""] * 15, "the first to come are the first to go"


def test_a_handshake_that_takes_too_long_is_ended(start, certificate):
    worker = start(*certificate, "--header-timeout", "0.5")
    with closing(worker.raw(bytes.fromhex("16030100c8010000c40303"))) as slow:
        assert read_all(slow) == b""


def test_tls_clients_without_a_place_are_turned_away_before_the_handshake(start, certificate):
    worker = start(*certificate, "--max-connections", "4", FAKE_STEP_MS=100)
    job_id = worker.submit(steps=150)
    worker.client.close()
    context = ssl._create_unverified_context()
    with ExitStack() as stack:
        for _ in range(4):
            stream = stack.enter_context(closing(context.wrap_socket(worker.raw())))
            stream.sendall(f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert stream.recv(100)
        for _ in range(10):
            with closing(worker.raw()) as turned_away, pytest.raises(OSError):
                context.wrap_socket(turned_away)
    worker.process.kill()


def test_slow_headers_give_way_to_newcomers(start):
    worker = start("--max-connections", "20", "--header-timeout", "30")
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(closing(worker.raw(b"GET /health HTTP/1.1\r\nHost: loc")))
        assert status_of(worker.exchange(GET)) == 200


def test_connections_never_outnumber_the_descriptors(start, tmp_path):
    limited = tmp_path / "limited.sh"
    limited.write_text(f'#!/bin/sh\nulimit -n 64\nexec "{FAKE}" "$@"\n')
    limited.chmod(0o755)
    worker = start(program=limited)
    assert sum("max-connections is lowered" in line for line in worker.lines()) == 1, worker.lines()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(closing(worker.raw()))
        before = time.monotonic()
        assert status_of(worker.exchange(GET)) == 200
        assert time.monotonic() - before < 5
        assert worker.wait(worker.submit())["state"] == "completed"
        assert worker.open_files() < 64


def test_idle_connections_give_way_when_no_descriptor_is_left(start):
    worker = start("--idle-timeout", "60", "--header-timeout", "60")
    hard = resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, (worker.open_files() + 20, hard))
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(closing(worker.raw()))
        for _ in range(5):
            before = time.monotonic()
            assert status_of(worker.exchange(GET)) == 200
            assert time.monotonic() - before < 5
        warnings = [line for line in worker.lines() if "descriptor" in line]
        assert len(warnings) == 1, warnings


def test_an_answer_without_room_is_refused_and_small_ones_go_through(start):
    worker = start("--body-budget", "64K", FAKE_STEP_MS=0)
    jobs = [worker.submit(prompt="x" * 30_000, negative_prompt="y" * 30_000, steps=1) for _ in range(2)]
    worker.wait(jobs[-1])
    refused = worker.client.get("/v1/jobs")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert worker.client.get("/v1/jobs?limit=1&state=queued").status_code == 200
    assert held_bytes(worker) == 0

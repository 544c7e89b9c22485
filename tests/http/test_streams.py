"""Streams: replay, resume, many readers, slow readers, readers that leave."""

import json
import socket
import threading
import time
from contextlib import closing

import httpx
import pytest
from httpx_sse import connect_sse
from worker import data_of, names_of, open_picture, read_all

pytestmark = pytest.mark.alone


def test_a_stream_tells_the_whole_job_in_order(worker):
    events = worker.stream(worker.submit(steps=4, seed=5))
    names = names_of(events)
    assert names[0] == "queued"
    assert names.index("started") < names.index("progress") < names.index("complete") == len(names) - 1
    assert [data["step"] for data in data_of(events, "progress")] == [1, 2, 3, 4]
    assert data_of(events, "progress")[-1]["percent"] == 100
    started = data_of(events, "started")[0]
    assert (started["seed"], started["steps"]) == (5, 4)
    ids = [int(event.id) for event in events if event.event != "message"]
    assert ids == sorted(set(ids))
    for event in events[:-1]:
        assert json.loads(event.data)["type"] == event.event
    assert (events[-1].event, events[-1].data) == ("message", "[DONE]")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_half_closed_reader_gets_the_whole_stream(worker, version):
    worker.wait(ended := worker.submit())
    for job_id in (ended, worker.submit(prompt="slow", steps=3)):
        head = f"GET /v1/jobs/{job_id}/stream HTTP/{version}\r\nHost: localhost\r\n\r\n".encode()
        with closing(worker.raw(head)) as connection:
            connection.shutdown(socket.SHUT_WR)
            assert b"data: [DONE]\n\n" in read_all(connection)


def test_a_stream_read_after_the_end_is_the_same(worker):
    job_id = worker.submit()
    first = worker.stream(job_id)
    again = worker.stream(job_id)
    assert [(event.id, event.event, event.data) for event in first] == [(event.id, event.event, event.data) for event in again]


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_resumes_after_the_last_event_id(worker, how):
    job_id = worker.submit()
    every = worker.stream(job_id)
    last = every[2].id
    rest = (worker.stream(job_id, headers={"Last-Event-ID": last}) if how == "header"
            else worker.stream(job_id, query=f"?last_event_id={last}"))  # fmt: skip
    assert [event.id for event in rest] == [event.id for event in every[3:]]


@pytest.mark.parametrize("prompt, end", [("x", "complete"), ("nan", "error")])
def test_an_event_source_that_was_not_closed_is_told_to_ask_no_more(worker, prompt, end):
    job_id = worker.submit(prompt=prompt)
    events = worker.stream(job_id)
    assert names_of(events)[-1] == end
    last, before = events[-2].id, events[-3].id
    for headers, query in (({"Last-Event-ID": last}, ""), ({}, f"?last_event_id={last}")):
        again = worker.client.get(f"/v1/jobs/{job_id}/stream{query}", headers=headers)
        assert (again.status_code, again.content) == (204, b"")
    assert names_of(worker.stream(job_id, headers={"Last-Event-ID": before})) == [end]


def test_the_last_event_of_a_running_job_is_not_its_end(start):
    worker = start(FAKE_STEP_MS=300)
    job_id = worker.submit(steps=5)
    with connect_sse(worker.client, "GET", f"/v1/jobs/{job_id}/stream") as source:
        first = next(source.iter_sse())
    rest = worker.stream(job_id, headers={"Last-Event-ID": first.id})
    assert names_of(rest)[-1] == "complete"


@pytest.mark.parametrize("last", ["x", "-1", "1000000", "99999999999999999999999", "1e3", "9" * 8000, "'; drop"])
def test_a_last_event_id_that_makes_no_sense_replays_everything(worker, last):
    job_id = worker.submit()
    every = worker.stream(job_id)
    assert names_of(worker.stream(job_id, headers={"Last-Event-ID": last})) == names_of(every)


def test_a_failed_job_ends_its_stream_with_the_error(worker):
    events = worker.stream(worker.submit(prompt="nan"))
    assert names_of(events)[-1] == "error"
    assert data_of(events, "error")[0]["code"] == "not_finite"
    assert events[-1].data.startswith("[ERROR] ")


def test_a_cancelled_job_ends_its_stream(worker):
    job_id = worker.submit(steps=100)
    threading.Timer(0.1, lambda: httpx.delete(f"{worker.url}/v1/jobs/{job_id}")).start()
    events = worker.stream(job_id)
    assert names_of(events)[-1] == "cancelled"
    assert data_of(events, "cancelled")[0]["reason"]
    assert events[-1].data == "[CANCELLED]"


def test_previews_come_when_asked_for(worker):
    events = worker.stream(worker.submit(steps=6, preview_every=2))
    previews = data_of(events, "preview")
    assert [preview["step"] for preview in previews][:2] == [2, 4]
    assert open_picture(previews[0]["image"]).format.lower() == previews[0]["format"]
    assert not data_of(worker.stream(worker.submit(steps=6)), "preview")


def test_headers_suit_a_stream(worker):
    with worker.client.stream("GET", f"/v1/jobs/{worker.submit()}/stream") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in response.headers["cache-control"]
        response.read()


def test_a_quiet_stream_is_kept_alive_by_comments(start):
    worker = start("--stream-heartbeat", "0.1", FAKE_STEP_MS=1000)
    with worker.client.stream("GET", f"/v1/jobs/{worker.submit(steps=1)}/stream") as response:
        assert response.read().count(b"\n:\n") + response.content.startswith(b":\n") >= 3


def test_an_http_1_0_reader_gets_a_stream_without_chunks(worker):
    answer = worker.exchange(f"GET /v1/jobs/{worker.submit()}/stream HTTP/1.0\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower() and body.startswith(b"id: ") and body.endswith(b"data: [DONE]\n\n")


def test_a_thousand_readers_of_one_job_all_see_its_end(start):
    worker = start(FAKE_STEP_MS=40)
    before = worker.resident_bytes()
    job_id = worker.submit(steps=100)
    request = f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    readers = [worker.raw(request, timeout=60) for _ in range(1000)]
    deadline = time.monotonic() + 20
    while "sd_worker_http_streams 1000" not in worker.client.get("/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    per_reader = (worker.resident_bytes() - before) / 1000
    worker.client.delete(f"/v1/jobs/{job_id}")
    for reader in readers:
        assert b"data: [CANCELLED]\n\n" in read_all(reader)
        reader.close()
    assert per_reader < 64 << 10, f"{per_reader:.0f} bytes for each reader"


def test_a_reader_that_never_reads_delays_nobody_and_is_dropped(start):
    worker = start("--write-timeout", "1", FAKE_STEP_MS=1)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", worker.port))
    job_id = worker.submit(steps=150, count=8, preview_every=1)
    slow.sendall(f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert names_of(worker.stream(job_id))[-1] == "complete"
    deadline = time.monotonic() + 15
    while "sd_worker_http_streams 0" not in worker.client.get("/metrics").text:
        assert time.monotonic() < deadline, "the reader that never reads was kept"
        time.sleep(0.1)
    slow.close()


def test_a_job_is_cancelled_when_its_last_reader_leaves_if_it_asked_for_that(start):
    worker = start(FAKE_STEP_MS=50)
    job_id = worker.submit(steps=150, cancel_on_disconnect=True)
    with connect_sse(worker.client, "GET", f"/v1/jobs/{job_id}/stream") as source:
        next(source.iter_sse())
    assert worker.wait(job_id, seconds=3)["state"] == "cancelled"
    kept = worker.submit(steps=5)
    with connect_sse(worker.client, "GET", f"/v1/jobs/{kept}/stream") as source:
        next(source.iter_sse())
    assert worker.wait(kept)["state"] == "completed"


def test_a_reader_gone_mid_step_leaves_nothing_behind(start):
    worker = start(FAKE_STEP_MS=20)
    files = worker.open_files()
    job_id = worker.submit(steps=20)
    for _ in range(20):
        worker.raw(f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()).close()
    assert worker.wait(job_id)["state"] == "completed"
    deadline = time.monotonic() + 5
    while worker.open_files() > files + 1:
        assert time.monotonic() < deadline, f"{worker.open_files()} files are open, {files} were"
        time.sleep(0.05)

"""SIGTERM: not ready at once, nothing new, running jobs finish or are ended, streams get their end, exit 0."""

import signal
import threading
import time

import pytest
from worker import names_of, read_all

pytestmark = pytest.mark.alone


@pytest.fixture(autouse=True)
def listening_to_sighup():
    """The tests themselves may run under nohup, which ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def streaming(worker, job_id):
    """Reads the job's stream on a thread; the list fills as it goes."""
    events = []
    thread = threading.Thread(target=lambda: events.extend(worker.stream(job_id)))
    thread.start()
    while "sd_worker_http_streams 1" not in worker.client.get("/metrics").text:
        time.sleep(0.02)
    return thread, events


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_running_job_finishes_and_nothing_new_is_taken(start, number):
    worker = start("--drain-seconds", "20", FAKE_STEP_MS=50)
    running = worker.submit(steps=30)
    worker.wait(running, "running")
    waiting = worker.submit()
    thread, events = streaming(worker, running)
    worker.process.send_signal(number)
    time.sleep(0.3)
    assert worker.client.get("/health").status_code == 200
    assert worker.client.get("/ready").json()["error"]["code"] == "shutting_down"
    refused = worker.post()
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
    assert int(refused.headers["retry-after"]) >= 1
    assert worker.job(waiting)["state"] in ("failed", "cancelled")
    thread.join()
    assert names_of(events)[-1] == "complete" and events[-1].data == "[DONE]"
    assert worker.process.wait(10) == 0


def test_a_job_that_does_not_finish_in_time_is_ended_and_told(start):
    worker = start("--drain-seconds", "0.5", FAKE_STEP_MS=100)
    job_id = worker.submit(steps=150)
    thread, events = streaming(worker, job_id)
    before = time.monotonic()
    worker.process.terminate()
    assert worker.process.wait(10) == 0
    assert time.monotonic() - before < 4
    thread.join()
    assert names_of(events)[-1] in ("error", "cancelled")
    assert events[-1].data.startswith(("[ERROR]", "[CANCELLED]"))


def test_a_second_signal_ends_at_once(start):
    worker = start("--drain-seconds", "60", FAKE_STEP_MS=100)
    worker.wait(worker.submit(steps=150), "running")
    worker.process.terminate()
    time.sleep(0.3)
    before = time.monotonic()
    worker.process.terminate()
    worker.process.wait(5)
    assert time.monotonic() - before < 5


def test_a_terminal_that_closes_does_not_cut_the_drain_short(start):
    worker = start("--drain-seconds", "20", FAKE_STEP_MS=50)
    job_id = worker.submit(steps=30)
    thread, events = streaming(worker, job_id)
    for number in (signal.SIGHUP, signal.SIGHUP):
        worker.process.send_signal(number)
        time.sleep(0.2)
    assert worker.process.wait(10) == 0
    thread.join()
    assert names_of(events)[-1] == "complete"


def test_under_nohup_a_terminal_that_closes_ends_nothing(start):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        worker = start()
    finally:
        signal.signal(signal.SIGHUP, before)
    worker.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert worker.client.get("/ready").status_code == 200


def test_a_reader_that_has_had_its_end_does_not_hold_the_exit(start):
    worker = start("--drain-seconds", "1", FAKE_STEP_MS=100)
    job_id = worker.submit(steps=150)
    reader = worker.raw(f"GET /v1/jobs/{job_id}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert reader.recv(100)
    before = time.monotonic()
    worker.process.terminate()
    assert worker.process.wait(10) == 0
    taken = time.monotonic() - before
    assert taken < 3.5, f"expected little more than a second, took {taken:.1f}"
    assert b"data: [" in read_all(reader)
    reader.close()


def test_an_idle_worker_with_open_connections_ends_soon(start):
    worker = start()
    idle = [worker.raw() for _ in range(10)]
    before = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - before < 3
    for connection in idle:
        connection.close()

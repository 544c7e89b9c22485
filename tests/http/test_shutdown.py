"""SIGTERM: not ready at once, nothing new, running jobs finish or are ended, streams get their end, exit 0."""

import signal
import threading
import time

import pytest
from worker import names_of


def streaming(worker, job_id):
    """Reads the job's stream on a thread; the list fills as it goes."""
    events = []
    thread = threading.Thread(target=lambda: events.extend(worker.stream(job_id)))
    thread.start()
    while "sd_worker_http_streams 1" not in worker.client.get("/metrics").text:
        time.sleep(0.02)
    return thread, events


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
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


def test_an_idle_worker_with_open_connections_ends_soon(start):
    worker = start()
    idle = [worker.raw() for _ in range(10)]
    before = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - before < 3
    for connection in idle:
        connection.close()

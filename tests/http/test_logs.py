"""Standard error that nobody reads, that is full or closed: the worker serves on and ends as it should."""

import os
import re
import select
import socket
import subprocess
import time
from contextlib import closing

import httpx
import pytest
from worker import FAKE, read_all

pytestmark = pytest.mark.alone

REQUEST = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n"
QUEUED_LINES = 4096


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Bare:
    """A worker whose standard error is the test's own affair."""

    def __init__(self, folder, *flags, redirect="", **options):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "m").mkdir(exist_ok=True)
        command = [str(FAKE), "serve", "--port", str(self.port), "--model", str(folder / "m"), *map(str, flags)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        self.process = subprocess.Popen(["sh", "-c", f'exec "$0" "$@" {redirect}', *command], **(quiet | options))

    def __enter__(self):
        deadline = time.monotonic() + 30
        while True:
            assert self.process.poll() is None, f"ended with {self.process.returncode}"
            try:
                if httpx.get(self.url + "/ready").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the worker did not become ready"
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, count):
        """So many requests, each a line of the log; how many were answered."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=60)) as connection:
            connection.sendall((REQUEST + b"\r\n") * (count - 1) + REQUEST + b"Connection: close\r\n\r\n")
            return read_all(connection).count(b"HTTP/1.1 404 ")

    def dropped(self):
        return int(float(re.search(r"^sd_worker_log_lines_dropped_total (\S+)", httpx.get(self.url + "/metrics").text, re.MULTILINE)[1]))

    def ends(self, seconds=60):
        self.process.terminate()
        return self.process.wait(seconds)


def read_until(pipe, text, seconds=20):
    received, deadline = b"", time.monotonic() + seconds
    while text not in received:
        assert time.monotonic() < deadline and select.select([pipe], [], [], 1)[0], f"no {text!r} in {received[-300:]!r}"
        received += os.read(pipe, 65536)
    return received


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    ends = {"reader": reader, "writer": writer}
    yield ends
    for end in ends.values():
        os.close(end)


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_pipe_that_nobody_reads_stops_nothing_and_the_log_says_what_was_dropped(tmp_path, pipe, style):
    with Bare(tmp_path, "--log-format", style, stderr=pipe["writer"]) as worker:
        read_until(pipe["reader"], b"listening on")
        assert worker.ask(QUEUED_LINES + 3000) == QUEUED_LINES + 3000
        dropped = worker.dropped()
        assert 1000 < dropped < 3000, dropped
        told, deadline = b"", time.monotonic() + 20
        while (told_of := sum(map(int, re.findall(rb'log lines were dropped(?: lines=|","lines":)(\d+)\D', told)))) < dropped:
            assert time.monotonic() < deadline, f"{dropped} lines were dropped, the log tells of {told_of}"
            told += read_until(pipe["reader"], b"\n")
        assert told_of == dropped
        assert worker.ends() == 0


def test_sigterm_ends_a_worker_whose_log_nobody_reads(tmp_path, pipe):
    with Bare(tmp_path, stderr=pipe["writer"]) as worker:
        assert worker.ask(QUEUED_LINES + 1000) == QUEUED_LINES + 1000
        assert worker.ends() == 0


def test_a_reader_that_leaves_does_not_end_the_worker(tmp_path, pipe):
    with Bare(tmp_path, stderr=pipe["writer"]) as worker:
        read_until(pipe["reader"], b"listening on")
        os.close(pipe.pop("reader"))
        os.close(pipe.pop("writer"))
        assert worker.ask(100) == 100
        deadline = time.monotonic() + 5
        while worker.dropped() < 100:
            assert time.monotonic() < deadline, f"only {worker.dropped()} lines are counted as dropped"
            time.sleep(0.05)
        assert worker.ends() == 0


@pytest.mark.parametrize("redirect", ["2>/dev/full", "2>&-", "0<&- 1>&- 2>&-", ">/dev/full 2>&1"])
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_full_or_closed_standard_error_is_no_reason_not_to_serve(tmp_path, redirect, style):
    with Bare(tmp_path, "--log-format", style, redirect=redirect) as worker:
        assert worker.ask(50) == 50
        files = {number: os.readlink(f"/proc/{worker.process.pid}/fd/{number}") for number in range(3)}
        assert not [file for file in files.values() if "socket" in file or "anon_inode" in file], files
        assert worker.ends() == 0


def test_a_log_file_beyond_the_size_limit_does_not_end_the_worker(tmp_path):
    with Bare(tmp_path, redirect=f"2>{tmp_path}/log", preexec_fn=lambda: limit_file_size(4096)) as worker:
        assert worker.ask(200) == 200
        assert worker.ends() == 0
    assert (tmp_path / "log").stat().st_size == 4096


def limit_file_size(size):
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_wrong_usage_is_exit_code_2_where_nobody_hears_it(tmp_path):
    for redirect in ("2>/dev/full", "2>&-"):
        done = subprocess.run(["sh", "-c", f'exec "$0" serve --port x {redirect}', str(FAKE)], timeout=20)
        assert done.returncode == 2, redirect


@pytest.mark.parametrize("level", ["warn", "off"])
@pytest.mark.parametrize("style", ["text", "json"])
def test_where_it_listens_is_told_at_every_level(start, level, style):
    worker = start("--log-level", level, "--log-format", style)
    assert sum("listening on" in line for line in worker.lines()) == 1

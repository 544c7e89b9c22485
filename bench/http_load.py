"""Load of the HTTP side beside a running generation; prints the table of docs/performance.md.

    python bench/http_load.py build/sd-worker MODEL [--seconds 10] [--rate 200] [--output docs/performance.md]

Measures, each in its own worker process on this machine: requests a second and latency of GET /health and POST /v1/jobs
beside a running generation, with the CPU time that the worker's I/O thread takes for each; memory for each of 1,000 idle
streams; and how much slower a denoise step is under `--rate` requests a second than without: medians of alternating runs,
the worker with one engine thread on one core and the client on another, so that the client's own work is not counted.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from page import machine, publish

HEAD = "Host: localhost\r\n"
LONG_JOB = {"operation": "image_generation", "prompt": "a red circle", "steps": 150, "count": 8, "seed": 1}


class Worker:
    def __init__(self, program, model, *flags, core=None):
        self.log = tempfile.NamedTemporaryFile(suffix=".txt")
        self.process = subprocess.Popen(
            [program, "serve", "--model", model, "--port", "0", "--log-level", "warn", "--queue-size", "1000000", *flags],
            stderr=self.log, preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if core is not None else None)
        while not (found := re.search(r"listening on http://[^:]+:(\d+)", Path(self.log.name).read_text())):
            if self.process.poll() is not None:
                raise SystemExit(Path(self.log.name).read_text())
            time.sleep(0.05)
        self.port = int(found[1])

    async def call(self, method, path, body=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        status, data = await exchange(reader, writer, request(method, path, body))
        writer.close()
        return status, json.loads(data) if data.startswith(b"{") else data.decode()

    async def ready(self):
        while (await self.call("GET", "/ready"))[0] != 200:
            await asyncio.sleep(0.1)

    async def start_job(self):
        job_id = (await self.call("POST", "/v1/jobs", LONG_JOB))[1]["job_id"]
        while (await self.call("GET", f"/v1/jobs/{job_id}"))[1]["step"] == 0:
            await asyncio.sleep(0.01)
        return job_id

    def resident(self):
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def io_thread_seconds(self):
        """CPU time of the I/O thread, which is the process's first."""
        fields = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.kill()
        self.process.wait()


def request(method, path, body=None):
    payload = json.dumps(body).encode() if body is not None else b""
    length = f"Content-Length: {len(payload)}\r\n" if payload else ""
    return f"{method} {path} HTTP/1.1\r\n{HEAD}{length}\r\n".encode() + payload


async def exchange(reader, writer, data):
    writer.write(data)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return int(head.split(b" ")[1]), await reader.readexactly(int(length[1])) if length else b""


async def hammer(port, data, seconds, connections=8):
    """As fast as the answers come: latencies in ms, and the time it took."""
    latencies, until = [], time.perf_counter() + seconds

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until:
            before = time.perf_counter()
            status, _ = await exchange(reader, writer, data)
            assert status < 300, status
            latencies.append(1000 * (time.perf_counter() - before))
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return latencies, time.perf_counter() - begin


def row(name, latencies, seconds, cpu_seconds):
    cuts = statistics.quantiles(latencies, n=100)
    each = 1e6 * cpu_seconds / len(latencies)
    return f"| {name} | {len(latencies) / seconds:.0f} | {cuts[49]:.2f} | {cuts[98]:.2f} | {each:.0f} |"


async def routes(program, model, seconds):
    rows = []
    for name, data in (("GET /health", request("GET", "/health")),
                       ("POST /v1/jobs", request("POST", "/v1/jobs", {**LONG_JOB, "steps": 1, "count": 1}))):  # fmt: skip
        worker = Worker(program, model)
        await worker.ready()
        await worker.start_job()
        before = worker.io_thread_seconds()
        latencies, took = await hammer(worker.port, data, seconds)
        rows.append(row(name, latencies, took, worker.io_thread_seconds() - before))
        worker.stop()
    return rows


async def memory_of_streams(program, model, count=1000):
    worker = Worker(program, model)
    await worker.ready()
    await worker.start_job()
    waiting = (await worker.call("POST", "/v1/jobs", LONG_JOB))[1]["job_id"]
    before = worker.resident()
    streams = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", worker.port)
        writer.write(request("GET", f"/v1/jobs/{waiting}/stream"))
        await reader.readuntil(b"event: queued")
        streams.append(writer)
    used = (worker.resident() - before) / count
    for writer in streams:
        writer.close()
    worker.stop()
    return used


async def step_seconds(worker):
    """Sum and count of the step histogram so far."""
    text = (await worker.call("GET", "/metrics"))[1]
    sums = [float(value) for value in re.findall(r"sd_worker_step_seconds_sum\{[^}]*\} (\S+)", text)]
    counts = [float(value) for value in re.findall(r"sd_worker_step_seconds_count\{[^}]*\} (\S+)", text)]
    return sum(sums), sum(counts)


async def paced(port, rate, until):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    due = time.perf_counter()
    while due < until:
        await asyncio.sleep(max(0, due - time.perf_counter()))
        await exchange(reader, writer, request("GET", "/health"))
        due += 1 / rate
    writer.close()


async def slowdown(program, model, rate, seconds, rounds=9):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    worker = Worker(program, model, "--threads", "1", core=cores[0])
    await worker.ready()
    for _ in range(50):
        await worker.call("POST", "/v1/jobs", LONG_JOB)
    while (await step_seconds(worker))[1] < 20:
        await asyncio.sleep(0.1)
    means, io_seconds = {0: [], rate: []}, 0
    for _ in range(rounds):
        for load in means:
            sum_before, count_before = await step_seconds(worker)
            io_before = worker.io_thread_seconds()
            until = time.perf_counter() + seconds / 2
            await (paced(worker.port, load, until) if load else asyncio.sleep(seconds / 2))
            io_seconds += worker.io_thread_seconds() - io_before if load else 0
            sum_after, count_after = await step_seconds(worker)
            means[load].append((sum_after - sum_before) / max(1, count_after - count_before))
    worker.stop()
    idle, loaded = statistics.median(means[0]), statistics.median(means[rate])
    return 1000 * idle, 1000 * loaded, 100 * (loaded / idle - 1), io_seconds / (rounds * seconds / 2)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    asked = parser.parse_args()
    rows = await routes(asked.program, asked.model, asked.seconds)
    bytes_each = await memory_of_streams(asked.program, asked.model)
    idle, loaded, percent, io_share = await slowdown(asked.program, asked.model, asked.rate, asked.seconds)
    lines = [
        f"{machine(asked.program, os.cpu_count())} The load comes from a Python process on the same machine, 8 connections.", "",
        "| Beside a running generation | requests/s | p50 ms | p99 ms | I/O thread, µs each |", "|---|---|---|---|---|", *rows, "",
        f"- 1,000 idle streams of one job: {bytes_each / 1024:.1f} KiB each.",
        f"- One UNet call: {idle:.2f} ms without requests, {loaded:.2f} ms under {asked.rate} requests/s ({percent:+.1f} %); worker and "
        f"client on a core each. The I/O thread takes {1e6 * io_share / asked.rate:.0f} µs each at this rate, {100 * io_share:.1f} % of one core."]
    publish(asked.output, "http", "\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(main())

"""Load of the HTTP side beside a running generation; prints a table.

    python bench/http_load.py build/sd-worker MODEL:SIZE ... [--seconds 10] [--step-seconds 240] [--rate 200]

Measures, each in its own worker process on this machine: requests a second and latency of GET /health and POST /v1/jobs
beside a running generation, with the CPU time that the worker's I/O thread takes for each; memory for each of 1,000 idle
streams (these of the first model); and, for every model, how much slower a denoise step is under `--rate` requests a
second than without. For that the worker runs as shipped, with all threads, and wrk asks beside it and rests in turn: what
a pair of neighbouring pieces of the generation differ by tells more than two long ones on a machine whose speed wavers.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from page import publish

HEAD = "Host: localhost\r\n"
LONG_JOB = {"operation": "image_generation", "prompt": "a red circle", "steps": 150, "count": 8, "seed": 1}


def cpu_seconds(process, threads=None):
    folder = Path(f"/proc/{process}/task")
    return sum(int((folder / str(thread) / "schedstat").read_text().split()[0]) for thread in threads or os.listdir(folder)) / 1e9


class Worker:
    def __init__(self, program, model, *flags):
        self.log = tempfile.NamedTemporaryFile(suffix=".txt")
        self.process = subprocess.Popen(
            [program, "serve", "--model", model, "--port", "0", "--log-level", "warn", "--queue-size", "1000000", *flags],
            stderr=self.log)
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
        return cpu_seconds(self.process.pid, [self.process.pid])

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


class Load:
    """wrk, which asks for /health at a steady rate between `go` and `rest`."""

    CONNECTIONS = 2

    def __init__(self, port, rate):
        self.pause = tempfile.NamedTemporaryFile("w", suffix=".lua")
        self.pause.write(f"function delay() return {1000 * self.CONNECTIONS // rate - 1} end\n")  # in ms; an answer takes most of one
        self.pause.flush()
        self.process = subprocess.Popen(["wrk", "-t1", f"-c{self.CONNECTIONS}", "-d1h", "-s", self.pause.name, f"http://127.0.0.1:{port}/health"],
                                        stdout=subprocess.DEVNULL)
        self.seconds, self.since = 0, time.perf_counter()
        time.sleep(0.5)
        self.rest()

    def go(self):
        self.process.send_signal(signal.SIGCONT)
        self.since = time.perf_counter()

    def rest(self):
        self.process.send_signal(signal.SIGSTOP)
        self.seconds += time.perf_counter() - self.since

    def stop(self):
        self.process.kill()
        self.process.wait()


async def health_requests(worker):
    text = (await worker.call("GET", "/metrics"))[1]
    return sum(float(value) for value in re.findall(r'sd_worker_http_requests_total\{[^}]*route="/health"[^}]*\} (\S+)', text))


async def steps(worker, size, seconds):
    """A number for each step of a generation that takes so long, as the step ends."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        job_id = (await worker.call("POST", "/v1/jobs", {**LONG_JOB, "count": 1, "width": size, "height": size}))[1]["job_id"]
        reader, writer = await asyncio.open_connection("127.0.0.1", worker.port, limit=16 << 20)
        writer.write(request("GET", f"/v1/jobs/{job_id}/stream"))
        step = 0
        while (line := await reader.readline()) and not line.startswith(b"event: complete") and time.perf_counter() < until:
            if line.startswith(b"event: progress"):
                yield (step := step + 1)
        writer.close()
        await worker.call("DELETE", f"/v1/jobs/{job_id}")


async def slowdown(program, model, size, rate, seconds, piece=0.3):
    worker = Worker(program, model)
    await worker.ready()
    load = Load(worker.port, rate)
    steps_of, spent = {False: [], True: []}, {"under load": 0, "I/O thread": 0, "client": 0}

    def now():
        return {"under load": time.perf_counter(), "I/O thread": worker.io_thread_seconds(), "client": cpu_seconds(load.process.pid)}

    loaded, first, begin = False, 1, now()
    async for step in steps(worker, size, seconds):
        end = now()
        if step <= first:  # another job's first: between the two were a decode and a text
            first, begin = step, end
        elif end["under load"] - begin["under load"] >= piece:
            steps_of[loaded].append((end["under load"] - begin["under load"]) / (step - first))
            if loaded:
                spent = {what: value + end[what] - begin[what] for what, value in spent.items()}
            loaded = not loaded
            load.go() if loaded else load.rest()
            first, begin = step, now()
    if loaded:
        load.rest()
    pace = await health_requests(worker) / load.seconds
    load.stop()
    worker.stop()
    changes = sorted(100 * (under / without - 1) for without, under in zip(steps_of[False], steps_of[True]))
    kept = changes[len(changes) // 10:len(changes) - len(changes) // 10]  # but the tenth at either end
    error = statistics.stdev(kept) / len(kept) ** 0.5
    shares = [100 * spent[what] / spent["under load"] for what in ("I/O thread", "client")]
    times = [f"{1000 * statistics.median(steps_of[kind]):.4g}" for kind in (False, True)]
    return (f"| {Path(model).name}, {size} x {size} | {times[0]} | {times[1]} | {pace:.0f} | "
            f"{statistics.mean(kept):+.1f} ± {error:.1f} % | {shares[0]:.1f} % | {shares[1]:.1f} % |")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("cases", nargs="+", help="MODEL:SIZE")
    parser.add_argument("--seconds", type=float, default=10, help="of each route")
    parser.add_argument("--step-seconds", type=float, default=240, help="of each model's steps")
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    asked = parser.parse_args()
    cases = [(model, int(size)) for model, size in (case.rsplit(":", 1) for case in asked.cases)]
    rows = await routes(asked.program, cases[0][0], asked.seconds)
    bytes_each = await memory_of_streams(asked.program, cases[0][0])
    slower = [await slowdown(asked.program, model, size, asked.rate, asked.step_seconds) for model, size in cases]
    lines = [
        "The load of the routes comes from a Python process on the same machine, 8 connections.", "",
        "| Beside a running generation | requests/s | p50 ms | p99 ms | I/O thread, µs each |", "|---|---|---|---|---|", *rows, "",
        f"1,000 idle streams of one job: {bytes_each / 1024:.1f} KiB each.", "",
        "A denoise step without and under steady requests by wrk, which shares the worker's cores: mean of alternating pieces with its standard error, and CPU time as a share of one core.", "",
        "| Model, size | step, ms | under load, ms | requests/s | slower | I/O thread | client |", "|---|---|---|---|---|---|---|", *slower]
    publish(asked.output, "http", "\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(main())

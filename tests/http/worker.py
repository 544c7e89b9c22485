"""A running worker, and what the tests ask of it."""

import base64
import io
import json
import os
import re
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
from httpx_sse import connect_sse
from PIL import Image

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build"))
FAKE = BUILD / "tests" / "fake_server"
REAL = BUILD / "sd-worker"
START_SECONDS = 60


class Worker:
    """`serve` with these flags, until `stop`. `client` talks to it, `lines()` are what it has written so far."""

    def __init__(self, folder: Path, *flags, program=FAKE, models=("m",), key=None, ready=True, **environment):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "stderr.txt"
        arguments = [str(program), "serve"]
        if "--port" not in flags:
            arguments += ["--port", "0"]
        for model in models:
            path = Path(model) if "/" in str(model) else folder / model
            path.mkdir(exist_ok=True)
            arguments += ["--model", str(path)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SD_WORKER_")}
        clean.update({name: str(value) for name, value in environment.items()})
        if key:
            clean["SD_WORKER_API_KEY"] = key
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*arguments, *map(str, flags)], stderr=log, env=clean)
        self.url = self._wait_for_url()
        self.port = int(self.url.rsplit(":", 1)[1])
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)
        if ready:
            self.wait_ready()

    def lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def _wait_for_url(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(r"listening on (https?://\S+?)[\"\s]", self.log.read_text(errors="replace") + "\n")
            if found:
                return found[1]
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}: {self.log.read_text()}")
            time.sleep(0.02)
        raise RuntimeError("the worker did not say where it listens")

    def wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while self.client.get("/ready").status_code != 200:
            assert time.monotonic() < deadline, "the worker did not become ready"
            time.sleep(0.05)

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.client.close()
        return self.process.returncode

    def post(self, headers=None, **fields):
        return self.client.post("/v1/jobs", json=job(**fields), headers=headers)

    def submit(self, **fields):
        response = self.post(**fields)
        assert response.status_code == 202, response.text
        return response.json()["job_id"]

    def job(self, job_id):
        return self.client.get(f"/v1/jobs/{job_id}").json()

    def wait(self, job_id, *states, seconds=60):
        states = states or ("completed", "failed", "cancelled")
        deadline = time.monotonic() + seconds
        while (document := self.job(job_id))["state"] not in states:
            assert time.monotonic() < deadline, f"expected {states}, got {document['state']}"
            time.sleep(0.02)
        return document

    def wait_idle(self, seconds=60):
        deadline = time.monotonic() + seconds
        while any(self.client.get("/v1/jobs", params={"state": state}).json()["jobs"] for state in ("queued", "running")):
            assert time.monotonic() < deadline, "the worker still has jobs"
            time.sleep(0.02)

    def stream(self, job_id, headers=None, query=""):
        """Every event of the job, until the stream ends."""
        with connect_sse(self.client, "GET", f"/v1/jobs/{job_id}/stream{query}", headers=headers or {}) as source:
            assert source.response.status_code == 200, source.response.read()
            return list(source.iter_sse())

    def raw(self, data=b"", timeout=10):
        """A bare connection that has sent `data`."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        if data:
            connection.sendall(data)
        return connection

    def exchange(self, data, timeout=10):
        """All that comes back for `data` until the server closes."""
        with closing(self.raw(data, timeout)) as connection:
            return read_all(connection)

    def resident_bytes(self):
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def job(**fields):
    return {"operation": "image_generation", "prompt": "a red circle", **fields}


def pixels(picture):
    return np.asarray(picture.convert("RGB"), dtype=int)


def read_all(connection):
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def names_of(events):
    return [event.event for event in events if event.event != "message"]


def data_of(events, name):
    return [json.loads(event.data) for event in events if event.event == name]


def picture_base64(width=64, height=64, colour=(200, 30, 30), format="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, format)
    return base64.b64encode(buffer.getvalue()).decode()


def open_picture(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))

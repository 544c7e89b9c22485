"""Runs the program under test as a user would."""

import dataclasses
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import numpy
import pytest
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("SD_WORKER_BUILD", REPOSITORY / "build"))
PROGRAM = Path(os.environ.get("SD_WORKER_BIN", BUILD / "sd-worker"))
TIMEOUT = 120  # seconds
FAKE_GPU = {"LD_PRELOAD": str(BUILD / "tests" / "fake_gpu.so")}  # the environment of a program that finds one


@dataclasses.dataclass
class Result:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict:
        return json.loads(self.stdout)

    @property
    def pictures(self) -> list[numpy.ndarray]:
        """Each [H, W, 3] uint8, in the order of `files`."""
        return [numpy.array(Image.open(file).convert("RGB")) for file in self.json["files"]]


def _listen_to_signals():
    """A shell that runs its jobs in the background hands an ignored SIGINT down to them, nohup an ignored SIGHUP."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def machine() -> dict:
    """What `info` says of this machine; empty where the program is not built."""
    return Program(PROGRAM).run("info", "--json").json if PROGRAM.exists() else {}


def _is_cpu_build() -> bool:
    cache = BUILD / "CMakeCache.txt"
    return cache.exists() and re.search(r"^SD_WORKER_CUDA:BOOL=(0|OFF)$", cache.read_text(), re.MULTILINE) is not None


needs_fake_gpu = pytest.mark.skipif(not _is_cpu_build(), reason="not run: a build with CUDA=1 has no fake GPU")


class Program:
    def __init__(self, path: Path):
        self.path = path

    def start(self, *arguments, preexec_fn=lambda: None, **options) -> subprocess.Popen:
        def before():
            _listen_to_signals()
            preexec_fn()

        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen([self.path, *map(str, arguments)], text=True, errors="replace", preexec_fn=before,
                                **pipes)

    def run(self, *arguments, **options) -> Result:
        with self.start(*arguments, **options) as process:
            try:
                stdout, stderr = process.communicate(timeout=TIMEOUT)
            finally:
                process.kill()
        return Result(process.returncode, stdout, stderr)

    def generate(self, *arguments, **options) -> Result:
        """On one thread, unless the arguments say otherwise."""
        threads = [] if "--threads" in arguments else ["--threads", 1]
        return self.run("generate", *threads, *arguments, **options)

"""A crash in a kernel says where it was, and ends the process by its signal.

`faulty_worker` is the program with a fault built in (faulty_kernels.cpp)."""

import fcntl
import os
import re
import signal
import tempfile
from pathlib import Path

import pytest
from program import BUILD, REPOSITORY, Program

FAULTS = {"SIGSEGV": signal.SIGSEGV, "SIGBUS": signal.SIGBUS, "SIGILL": signal.SIGILL, "SIGFPE": signal.SIGFPE,
          "overflow": signal.SIGSEGV}  # fmt: skip
LINE = re.compile(
    r"sd-worker: crashed by (?P<signal>SIG\w+) in (?P<op>\w+) (?P<shape>\d+(x\d+)*( -> \d+)?) "
    r"\(instruction set (?P<isa>\w+), precision (?P<precision>\w+), model shapes-128, version (?P<version>[\d.]+)\); "
    r"try SD_WORKER_OPS=aten"
)


@pytest.fixture(scope="module")
def version():
    return Program(BUILD / "sd-worker").run("--version").stdout.strip()


def start(fault, thread=0, call=300, precision="exact", **options):
    arguments = ["--model", REPOSITORY / "models/shapes-128", "--prompt", "x", "--steps", 4, "--threads", 2,
                 "--precision", precision, "--output", Path(tempfile.gettempdir()) / "faulty.png"]  # fmt: skip
    environment = {**os.environ, "FAULT": fault, "FAULT_CALL": str(call), "FAULT_THREAD": str(thread)}
    environment.pop("SD_WORKER_OPS", None)
    return Program(BUILD / "tests" / "faulty_worker").start("generate", *arguments, env=environment, **options)


def last_line(process):
    _, stderr = process.communicate(timeout=60)
    return re.split(r"[\r\n]", stderr.rstrip("\n"))[-1]


@pytest.mark.parametrize("thread", [0, 1], ids=["caller", "pool"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_crash_says_where_and_dies_by_its_signal(fault, thread, version):
    with start(fault, thread) as process:
        line = last_line(process)
    said = LINE.search(line)
    assert said, f"not the line of a crash: {line!r}"
    assert process.returncode == -FAULTS[fault]
    assert said["signal"] == FAULTS[fault].name and said["version"] == version and said["precision"] == "exact"


def test_the_line_names_the_op_that_crashed_and_what_runs_it():
    seen = {}
    for call in (1, 40, 300, 310, 320, 330):
        with start("SIGSEGV", call=call, precision="int8") as process:
            said = LINE.search(last_line(process))
        assert said and said["precision"] == "int8"
        seen[call] = said["op"]
    assert seen[1] == "layer_norm", f"the text encoder begins with one, got {seen}"
    assert len(set(seen.values())) >= 3, f"expected several ops, got {seen}"


def test_a_crash_waits_for_no_reader():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    with start("SIGSEGV", stderr=writer) as process:
        assert process.wait(60) == -signal.SIGSEGV
    os.close(reader)
    os.close(writer)

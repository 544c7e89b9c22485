"""Ctrl-C ends within a step with 130 and leaves no file, whenever it comes."""

import signal
import time

import pytest

pytestmark = pytest.mark.alone


def start(program, model, output, *flags):
    return program.start("generate", "--model", model, "--prompt", "x", "--threads", 1, "--steps", 150, "--width", 512,
                         "--height", 512, "--output", output, *flags)


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.3, 1.0, 3.0])
def test_ctrl_c_leaves_no_file(program, sd15, tmp_path, wait):
    with start(program, sd15, tmp_path / "out.png") as process:
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        stdout, stderr = process.communicate(timeout=60)
    # A signal before the handler is there ends the process by itself, which a shell counts as 130 too.
    assert process.returncode in ((130, -signal.SIGINT) if wait < 1 else (130,)), f"got {process.returncode}: {stderr}"
    assert time.monotonic() - sent < 15  # a step of this size takes well under a second on an idle machine
    assert stdout == "" and list(tmp_path.iterdir()) == []
    assert stderr.count("\n") <= 1, f"expected one line, got {stderr!r}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_leave_no_file_either(program, sd15, tmp_path, number):
    with start(program, sd15, tmp_path / "out.png") as process:
        time.sleep(2)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, f"got {process.returncode}: {stderr}"
    assert stdout == "" and list(tmp_path.iterdir()) == []


def test_under_nohup_a_terminal_that_closes_ends_nothing(program, sd15, tmp_path):
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    with program.start("generate", "--model", sd15, "--prompt", "x", "--steps", 60, "--output", tmp_path / "out.png",
                       preexec_fn=ignore) as process:
        time.sleep(1)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
    assert process.returncode == 0 and (tmp_path / "out.png").exists()


def test_ctrl_c_between_pictures_leaves_none_of_them(program, sd15, tmp_path):
    with program.start("generate", "--model", sd15, "--prompt", "x", "--threads", 1, "--steps", 100, "--count", 60,
                       "--output", tmp_path / "out.png") as process:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130 and list(tmp_path.iterdir()) == []


def test_the_old_picture_survives_an_interrupted_run(program, sd15, tmp_path):
    (tmp_path / "out.png").write_text("old")
    with start(program, sd15, tmp_path / "out.png") as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"] and (tmp_path / "out.png").read_text() == "old"


def test_a_killed_run_leaves_no_half_picture(program, sd15, tmp_path):
    with start(program, sd15, tmp_path / "out.png") as process:
        time.sleep(2)
        process.kill()
    assert not (tmp_path / "out.png").exists()

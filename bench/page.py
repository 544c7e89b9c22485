"""What the benchmarks share: the line that names the machine, and the marked sections of a page of tables."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("SD_WORKER_BUILD", ROOT / "build")) / "sd-worker"


def bench(model, *flags, precision, size, steps, threads):
    """What `sd-worker bench` measures."""
    command = [PROGRAM, "bench", "--model", model, "--precision", precision, "--width", str(size), "--height", str(size),
               "--steps", str(steps), "--threads", str(threads), "--json", *flags]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def generate(model, prompt, *flags):
    """The timings that `sd-worker generate` measures, and the bytes of its PNG."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"
        command = [PROGRAM, "generate", "--model", model, "--prompt", prompt, "--output", file, "--json", *flags]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)["timings"], file.read_bytes()


def multiplies_bf16():
    return re.search(r"avx512_bf16|amx_bf16", Path("/proc/cpuinfo").read_text()) is not None


def info():
    return json.loads(subprocess.run([PROGRAM, "info", "--json"], check=True, capture_output=True, text=True).stdout)


def kernels():
    """The instruction set that sd-worker's kernels use here: the kind of machine that a page of tables is about."""
    return next(one["name"] for one in info()["instruction_sets"] if one["chosen"])


def cpu_name():
    name = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return name[1] if name else platform.processor()


def commit():
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + (", changed" if git("status", "--porcelain", "--", "src") else "")


def machine(threads):
    return f"{cpu_name()}, {threads} threads, kernels {kernels()}; commit {commit()}."


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def replace_section(page, name, text):
    """Puts `text` between the marks <!-- name --> and <!-- /name --> of the file `page`."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    old = page.read_text()
    page.write_text(old[:old.index(begin) + len(begin)] + text + old[old.index(end):])


def publish(output, name, text, threads=os.cpu_count()):
    """Puts the section `name` into the page `output`, whose head names the machine; prints both where there is no page."""
    if output:
        replace_section(output, name, text)
    else:
        print(f"{machine(threads)}\n\n{text}")

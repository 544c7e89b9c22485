"""What the benchmarks share: the line that names the machine, and the marked sections of docs/performance.md."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


PROGRAM = ROOT / "build" / "sd-worker"


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


def kernels(program):
    """The instruction set that sd-worker's kernels use here."""
    info = json.loads(subprocess.run([program, "info", "--json"], check=True, capture_output=True, text=True).stdout)
    return next(one["name"] for one in info["instruction_sets"] if one["chosen"])


def machine(program, threads):
    name = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{name[1] if name else platform.processor()}, {threads} threads, kernels {kernels(program)}; commit {commit}."


def replace_section(page, name, text):
    """Puts `text` between the marks <!-- name --> and <!-- /name --> of the file `page`."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    old = page.read_text()
    partial = page.with_suffix(".partial")
    partial.write_text(old[:old.index(begin) + len(begin)] + text + old[old.index(end):])
    os.replace(partial, page)


def publish(output, name, text):
    """Prints the section `name`, and puts it into the file `output` where one is given that has such a section."""
    print(text)
    if output and f"<!-- {name} -->" in output.read_text():
        replace_section(output, name, text)
    elif output:
        print(f"{output} has no section {name}", file=sys.stderr)

#!/usr/bin/env python3
"""Full-size models with random weights against plain ATen, on every instruction set of this machine:

    tools/test_full.py [--all]

Each case is a process: a model in one precision on one instruction set, with the kernels' plans for one kind of caches,
on so many threads. It encodes a prompt, makes one step and decodes one image; its tensors are held against those of
`SD_WORKER_OPS=aten` in float32. A case fails by a difference beyond its tolerance, and by any crash.

Without --all, caches and threads go over each instruction set as a Latin square over the precisions: with every
instruction set, each cache setting meets each number of threads, and each precision meets each cache setting and each
number of threads. What is left out are only repetitions of such triples. With --all, everything meets everything, for
Stable Diffusion 2.1 and XL too.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy
from safetensors.numpy import load_file

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("SD_WORKER_BUILD", REPOSITORY / "build"))
PRECISIONS = ("exact", "fast", "int8")
# A core's own cache and the shared one: small ones as of a part of an old server, this machine's, large ones.
CACHES = ("262144,4194304", "", "4194304,268435456")
THREADS = (1, 2, 7)
# Root mean square of the difference over that of ATen's tensor. Float32 differs by rounding, most of it Winograd's;
# bfloat16 keeps 8 bits of each operand; int8 rounds to a 127th of the largest value of a row. A wrong tile is beyond
# all of them in the layers after it.
TOLERANCES = {
    "exact": {"text": 1e-5, "answer": 2e-4, "image": 2e-4},
    "fast": {"text": 2e-2, "answer": 5e-2, "image": 5e-2},
    "int8": {"text": 2e-2, "answer": 1.5e-1, "image": 1.5e-1},
}
LIMIT_SECONDS = 900  # of one process


@dataclass(frozen=True)
class Case:
    family: str
    size: int
    precision: str = "exact"
    isa: str = ""  # the best one
    caches: str = ""  # this machine's
    threads: int = 2
    ops: str = ""  # "aten": the reference

    def __str__(self):
        caches = self.caches or "own"
        return f"{self.family} {self.size} {self.precision:5} {self.isa or 'best':12} caches {caches:17} threads {self.threads}"


def machine():
    told = subprocess.run([BUILD / "sd-worker", "info", "--json"], check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


def print_machine(info):
    caches = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        caches[f"L{level}{kind[0].lower() if kind != 'Unified' else ''}"] = size
    print(f"processor  {info['cpu']}, {info['threads']} threads")
    print(f"caches     {', '.join(f'{name} {size}' for name, size in caches.items()) or 'not told by the system'}")
    print(f"kernels    {', '.join(isa_names(info))}; ATen: {info['aten_instruction_set']}", flush=True)


def isa_names(info):
    return [one["name"] for one in info["instruction_sets"] if one["on_this_cpu"]]


def model_folder(family):
    folder = BUILD / "synthetic" / family
    if not (folder / "model_index.json").exists():  # written last
        subprocess.run([sys.executable, REPOSITORY / "tools/make_synthetic.py", "--family", family, "--output", folder],
                       check=True)  # fmt: skip
    return folder


def latin_square(family, size, isas):
    """For instruction set i, precision p runs cache setting c on the (c + p + i)th number of threads."""
    for (i, isa), (p, precision), (c, caches) in itertools.product(*map(enumerate, (isas, PRECISIONS, CACHES))):
        yield Case(family, size, precision, isa, caches, THREADS[(c + p + i) % len(THREADS)])


def everything(family, size, isas):
    for precision, isa, caches, threads in itertools.product(PRECISIONS, isas, CACHES, THREADS):
        yield Case(family, size, precision, isa, caches, threads)


def run(case, output):
    """Seconds; raises RuntimeError with the last line of the process."""
    output.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SD_WORKER_")}
    wanted = {"SD_WORKER_ISA": case.isa, "SD_WORKER_CACHES": case.caches, "SD_WORKER_OPS": case.ops}
    environment |= {name: value for name, value in wanted.items() if value}
    command = [BUILD / "tests/probe_full", model_folder(case.family), case.precision, case.size, case.threads, output]
    begin = time.monotonic()
    try:
        done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done within {LIMIT_SECONDS} s") from None
    if done.returncode != 0:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise RuntimeError(f"ended by {how}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    isa, caches, threads, ops = done.stdout.split()
    for name, wanted, used in (("instruction set", case.isa, isa), ("caches", case.caches, caches),
                               ("threads", str(case.threads), threads), ("ops", case.ops or "kernels", ops)):  # fmt: skip
        if wanted not in ("", used):
            raise RuntimeError(f"{name}: expected {wanted}, ran with {used}")
    return time.monotonic() - begin


def errors(output, reference):
    """By tensor, the root mean square of the difference over that of the reference's."""
    got, expected = load_file(output), load_file(reference)
    result = {}
    for name, want in expected.items():
        if got[name].shape != want.shape:
            raise RuntimeError(f"{name}: expected shape {want.shape}, got {got[name].shape}")
        difference = numpy.linalg.norm((got[name] - want).astype(numpy.float64)) / numpy.linalg.norm(want)
        result[name] = float(difference) if numpy.isfinite(difference) else float("inf")
    return result


def check(cases):
    """Prints a line for each; returns what failed."""
    folder = BUILD / "full"
    folder.mkdir(parents=True, exist_ok=True)
    failures, references = [], {}
    for case in cases:
        reference = folder / f"reference-{case.family}-{case.size}.safetensors"
        try:
            if reference not in references:
                references[reference] = run(Case(case.family, case.size, ops="aten", threads=os.cpu_count()), reference)
                print(f"{case.family} {case.size} plain ATen: {references[reference]:.1f} s", flush=True)
            seconds = run(case, folder / "case.safetensors")
            found = errors(folder / "case.safetensors", reference)
        except RuntimeError as error:
            failures.append(f"{case}: {error}")
            print(f"FAILED {failures[-1]}", flush=True)
            continue
        beyond = [name for name, error in found.items() if not error <= TOLERANCES[case.precision][name]]
        text = "  ".join(f"{name} {error:.1e}" for name, error in found.items())
        print(f"{'FAILED ' if beyond else ''}{case}  {seconds:5.1f} s  {text}", flush=True)
        if beyond:
            allowed = ", ".join(f"{name} {TOLERANCES[case.precision][name]:.0e}" for name in beyond)
            failures.append(f"{case}: {text}; at most {allowed}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="everything meets everything, in all three families")
    arguments = parser.parse_args()
    info = machine()
    print_machine(info)
    isas = isa_names(info)
    if arguments.all:
        cases = [case for family, size in (("sd15", 256), ("sd21", 256), ("sdxl", 512))
                 for case in everything(family, size, isas)]  # fmt: skip
    else:
        cases = [*latin_square("sd15", 256, isas), Case("sdxl", 512, "int8", threads=os.cpu_count())]
    for family in dict.fromkeys(case.family for case in cases):
        model_folder(family)
    begin = time.monotonic()
    failures = check(cases)
    print(f"{len(cases)} cases, {len(failures)} failed, {time.monotonic() - begin:.0f} s")
    for failure in failures:
        print(f"  {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

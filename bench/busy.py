"""A step alone and beside a busy program of another session, which the system gives as much of a core as it gives us.

    python bench/busy.py MODEL
"""

import argparse
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path

from page import bench, publish

SIZE, STEPS, RUNS = 256, 7, 3


@contextmanager
def busy_program():
    process = subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--output", type=Path, help="page whose section between the marks is replaced")
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    seconds = {nullcontext: [], busy_program: []}
    for _ in range(RUNS):
        for beside, runs in seconds.items():
            with beside():
                measured = bench(args.model, precision="fast", size=SIZE, steps=STEPS, threads=cores)
            runs.append(measured["median_step_ms"] / 1000)
    alone, beside = map(statistics.median, seconds.values())
    publish(args.output, "busy",
            f"A step of {args.model.name}, {SIZE} x {SIZE}, fast: {alone:.2f} s alone, {beside:.2f} s beside a busy program of "
            f"another session ({beside / alone:.1f}x).\n", cores)


if __name__ == "__main__":
    main()

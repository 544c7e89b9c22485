"""Where the time goes from starting the program to the first image in one step: with the model in the page cache, and read
from the disk.

    python bench/cold_start.py FOLDER:SIZE ... [--rounds 3]
"""

import argparse
import os
import statistics
import time
from pathlib import Path

from page import duration, generate, publish

PHASES = {"load_ms": "model", "text_ms": "text", "denoise_ms": "step", "decode_ms": "decode"}


def forget(model):
    """Its files leave the page cache."""
    for file in model.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_image(model, size, precision, cold):
    """Seconds of the whole process and of each phase; what no phase has is the start of the program and writing the file."""
    if cold:
        forget(model)
    begin = time.perf_counter()
    timings, _ = generate(model, "a red circle", "--seed", "1", "--steps", "1", "--width", str(size), "--height", str(size),
                          "--precision", precision)
    whole = time.perf_counter() - begin
    parts = {name: timings[key] / 1e3 for key, name in PHASES.items()}
    return {"all": whole, **parts, "program": whole - sum(parts.values())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", help="FOLDER:SIZE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precisions", nargs="+", default=["exact", "int8"])
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    arguments = parser.parse_args()
    columns = ["all", "program", *PHASES.values()]
    lines = [f"`generate` with one step; medians of {arguments.rounds}.", "", f"| model, size, precision, files | {' | '.join(columns)} |",
             "|---|" + "---|" * len(columns)]
    for case in arguments.cases:
        folder, size = case.rsplit(":", 1)
        model = Path(folder)
        for precision in arguments.precisions:
            for cold in (False, True):
                first_image(model, size, precision, cold=False)
                runs = [first_image(model, size, precision, cold) for _ in range(arguments.rounds)]
                cells = [duration(statistics.median(run[name] for run in runs)) for name in columns]
                where = "on disk" if cold else "in memory"
                lines.append(f"| {model.name}, {size} x {size}, {precision}, {where} | {' | '.join(cells)} |")
    publish(arguments.output, "cold", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""What a step costs each picture when several share a UNet call, by size: is a batch worth its wait on this machine?

    python bench/batch.py FOLDER:SIZE ... [--batches 1 2] [--precision int8]
"""

import argparse
import os
from pathlib import Path

from page import bench, publish


def milliseconds_a_picture(arguments, model, size, batch):
    measured = bench(model, "--batch", str(batch), precision=arguments.precision, size=size, steps=arguments.steps,
                     threads=arguments.threads)
    return measured["median_step_ms"] / batch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", help="FOLDER:SIZE")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    arguments = parser.parse_args()
    head = " | ".join(f"batch {batch}" for batch in arguments.batches)
    lines = [f"Milliseconds of a step with guidance for each picture, {arguments.precision}.", "",
             f"| model, size | {head} |", "|---|" + "---|" * len(arguments.batches)]
    for case in arguments.cases:
        model, size = case.rsplit(":", 1)
        cells = [milliseconds_a_picture(arguments, model, size, batch) for batch in arguments.batches]
        lines.append(f"| {Path(model).name}, {size} x {size} | " + " | ".join(f"{cell:.4g} ({cells[0] / cell:.2f}x)" for cell in cells) + " |")
    publish(arguments.output, "batch", "\n".join(lines) + "\n", arguments.threads)


if __name__ == "__main__":
    main()

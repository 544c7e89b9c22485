"""Time of a step against threads, picture size and batch, for each precision: plots and their numbers.

    python bench/scaling.py MODEL --output PAGE --images FOLDER
"""

import argparse
import os
from pathlib import Path

import matplotlib
from page import bench, kernels, replace_section

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "scaling"  # the same numbers give the same file
from matplotlib import pyplot  # noqa: E402

PRECISIONS = ["exact", "fast", "int8"]


def sweeps(cores):
    """Name, axis, its values, and what a value is for bench()."""
    return [("threads", "threads, 256 x 256", list(range(1, cores + 1)), lambda value: dict(threads=value, size=256)),
            ("size", "width and height in pixels", [256, 384, 512, 768, 1024], lambda value: dict(threads=cores, size=value)),
            ("batch", "pictures in one UNet call, 256 x 256", [1, 2, 3, 4], lambda value: dict(threads=cores, size=256, batch=value))]


def step_seconds(model, precision, steps, threads, size, batch=1):
    measured = bench(model, "--batch", str(batch), precision=precision, size=size, steps=steps, threads=threads)
    return measured["median_step_ms"] / 1000


def plot(name, axis, values, seconds, file):
    figure, axes = pyplot.subplots(figsize=(5, 3.2), layout="constrained")
    for precision, line in seconds.items():
        axes.plot(values, line, marker="o", label=precision)
    axes.set(xlabel=axis, ylabel="seconds for a step with guidance", xticks=values, ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="full-size model folder")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True, help="page whose tables between the marks are replaced")
    parser.add_argument("--images", type=Path, required=True, help="folder of the plots, beside that of the page")
    arguments = parser.parse_args()
    cores = os.cpu_count()
    text = f"Seconds for a step with guidance, {Path(arguments.model).name}, medians of {arguments.steps}.\n"
    for name, axis, values, settings in sweeps(cores):
        seconds = {precision: [step_seconds(arguments.model, precision, arguments.steps, **settings(value)) for value in values]
                   for precision in PRECISIONS}  # fmt: skip
        file = arguments.images / f"scaling-{kernels()}-{name}.svg"
        plot(name, axis, values, seconds, file)
        lines = [f"![Time of a step against {axis}](../images/{file.name})", "", f"| {axis} | " + " | ".join(map(str, values)) + " |",
                 "|---|" + "---|" * len(values)]  # fmt: skip
        lines += [f"| {precision} | " + " | ".join(f"{value:.2f}" for value in line) + " |" for precision, line in seconds.items()]
        text += "\n" + "\n".join(lines) + "\n"
        print("\n".join(lines), flush=True)
    replace_section(arguments.output, "scaling", text)


if __name__ == "__main__":
    main()

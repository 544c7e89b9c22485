"""What the options that leave work out save, and what they change in the picture.

    python bench/shortcuts.py FULL_SIZE_MODEL [--size 512] [--prompts 50]

Saved: the denoising of one picture of the full-size model. Changed: pictures of the bundled model, of prompts that its
training never saw, against those without the option (PSNR), and how many of them the checker finds right.
"""

import argparse
import io
import random
import statistics
import sys
from pathlib import Path

import numpy
from page import ROOT, generate, publish
from PIL import Image

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "parity")]
from reference.compare import psnr  # noqa: E402
from shapes.caption import caption  # noqa: E402
from shapes.checker import faults  # noqa: E402
from shapes.scene import random_scene  # noqa: E402

BUNDLED = ROOT / "models" / "shapes-128"
OPTIONS = ["", "--guidance-end 0.6", "--guidance-start 0.1 --guidance-end 0.6", "--deep-cache-interval 2", "--deep-cache-interval 3",
           "--deep-cache-interval 5", "--cross-attention-end 0.5", "--token-merging-ratio 0.5",
           "--deep-cache-interval 3 --guidance-end 0.6", "--token-merging-ratio 0.5 --guidance-end 0.6",
           "--deep-cache-interval 2 --token-merging-ratio 0.5 --cross-attention-end 0.6"]  # fmt: skip


def draw(scene, seed, *flags):
    """The bundled model's picture of a scene."""
    _, png = generate(BUNDLED, caption(scene), "--seed", str(seed), "--steps", "20", *flags)
    return numpy.array(Image.open(io.BytesIO(png)).convert("RGB"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="full-size model folder")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--precision", default="fast")
    parser.add_argument("--prompts", type=int, default=50, help="with one shape, and as many with two")
    parser.add_argument("--rounds", type=int, default=1, help="of timing, in turn")
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    arguments = parser.parse_args()

    rng = random.Random("shortcuts")
    scenes = [random_scene(rng, held_out=True, items=items) for items in (1, 2) for _ in range(arguments.prompts)]
    full_size = ["--seed", "1", "--steps", "20", "--guidance-scale", "7.5", "--width", str(arguments.size), "--height", str(arguments.size),
                 "--precision", arguments.precision]  # fmt: skip
    times = {option: [] for option in OPTIONS}
    for _ in range(arguments.rounds):
        for option, measured in times.items():
            timings, _ = generate(arguments.model, "a castle by the sea", *full_size, *option.split())
            measured.append(timings["denoise_ms"])
    rows, plain, whole = [], [], statistics.median(times[""])
    for option, measured in times.items():
        flags, ms = option.split(), statistics.median(measured)
        pictures = [draw(scene, seed, *flags) for seed, scene in enumerate(scenes)]
        plain = plain or pictures
        right = sum(not faults(picture, scene) for picture, scene in zip(pictures, scenes))
        change = f"{statistics.median(map(psnr, pictures, plain)):.1f} dB" if option else "-"
        rows.append(f"| {f'`{option}`' if option else 'none'} | {ms / 1000:.1f} s ({whole / ms:.2f}x) | {change} | {right / len(scenes):.0%} |")
        print(rows[-1], file=sys.stderr, flush=True)
    lines = [f"20 steps. Time: {Path(arguments.model).name}, {arguments.size} x {arguments.size}, {arguments.precision}, guidance 7.5. Change: "
             f"{BUNDLED.name}, median of {len(scenes)} prompts.", "",
             "| option | denoising | PSNR against none | pictures that are right |", "|---|---|---|---|", *rows]  # fmt: skip
    publish(arguments.output, "shortcuts", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

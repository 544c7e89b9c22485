"""Measures how many pictures of the bundled model are right, on combinations that its training never saw.

    python tools/demo_accuracy.py                      the built program, models/shapes-128, default settings
    python tools/demo_accuracy.py --engine diffusers   the same with the Python pipeline
    python tools/demo_accuracy.py --sheet sheet.png    also writes all pictures on one sheet, the wrong ones crossed out

Ends with status 1 where fewer pictures are right than the bar of either kind.
"""

import argparse
import random
import sys
from pathlib import Path

from tqdm import tqdm

from shapes.caption import caption
from shapes.checker import faults
from shapes.engine import ENGINES
from shapes.scene import random_scene
from shapes.sheet import write_sheet

ROOT = Path(__file__).resolve().parents[1]
KINDS = (("one shape", 1, 0.95), ("two shapes", 2, 0.80))  # name, shapes, least share that must be right


def measure(generate, items, count, seed):
    """(scene, picture, faults) of `count` held-out scenes of `items` shapes, each drawn from a seed of its own."""
    rng = random.Random(f"demo {seed} {items}")
    results = []
    for number in tqdm(range(count), desc=f"{items} shape{'s' * (items > 1)}", mininterval=2):
        scene = random_scene(rng, held_out=True, items=items)
        picture = generate(caption(scene), seed + number)
        results.append((scene, picture, faults(picture, scene)))
    return results


def report(name, results, bar, verbose):
    right = sum(not found for _, _, found in results)
    print(f"{name}: {right} of {len(results)} right, {right / len(results):.1%} (bar {bar:.0%})")
    for scene, _, found in results if verbose else ():
        if found:
            print(f"  {caption(scene)}: {'; '.join(found)}")
    return right >= bar * len(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "shapes-128")
    parser.add_argument("--engine", choices=ENGINES, default="sd-worker")
    parser.add_argument("--program", type=Path, default=ROOT / "build" / "sd-worker")
    parser.add_argument("--count", type=int, default=200, help="prompts of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the first picture")
    parser.add_argument("--sheet", type=Path, help="PNG of all pictures")
    parser.add_argument("--verbose", action="store_true", help="tell what is wrong with each wrong picture")
    arguments = parser.parse_args()

    generate = ENGINES[arguments.engine](arguments.model, arguments.program)
    passed, everything = True, []
    for name, items, bar in KINDS:
        results = measure(generate, items, arguments.count, arguments.seed)
        passed &= report(name, results, bar, arguments.verbose)
        everything += results
    if arguments.sheet:
        write_sheet(arguments.sheet, [(picture, bool(found)) for _, picture, found in everything])
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

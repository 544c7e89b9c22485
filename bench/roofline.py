"""Where a step's and a decode's time goes, beside what this machine could do: `sd-worker bench --profile`, summed by op.

    python bench/roofline.py MODEL_FOLDER [--size 512] [--steps 3]
"""

import argparse
import os
from pathlib import Path

from page import bench, publish


def measure(arguments, precision):
    return bench(arguments.model, "--profile", precision=precision, size=arguments.size, steps=arguments.steps,
                 threads=arguments.threads)


def by_op(rows):
    """Milliseconds, GFLOP of the definition and milliseconds at the roof of each kind of op; the longest first."""
    sums = {}
    for row in rows:
        name = "norms" if "norm" in row["op"] else "linear, geglu" if row["op"] in ("linear", "geglu") else row["op"]
        times = sums.setdefault(name, {"ms": 0, "gflop": 0, "roof_ms": 0})
        times["ms"] += row["ms"]
        times["gflop"] += row.get("gflops", 0) * row["ms"] / 1e3
        times["roof_ms"] += row.get("roof_share", 0) * row["ms"]
    return dict(sorted(sums.items(), key=lambda item: -item[1]["ms"]))


def table(part, measured):
    rows = by_op(measured[f"{part}_profile"])
    rows["all"] = {key: sum(row[key] for row in rows.values()) for key in ("ms", "gflop", "roof_ms")}
    lines = [f"| {part} | ms | share | GFLOP | GFLOP/s | ms at the roof | share of the roof |", "|---|---|---|---|---|---|---|"]
    for name, row in rows.items():
        lines.append(f"| {name} | {row['ms']:.0f} | {100 * row['ms'] / rows['all']['ms']:.1f} % | {row['gflop']:.0f} | "
                     f"{1e3 * row['gflop'] / row['ms']:.0f} | {row['roof_ms']:.0f} | {100 * row['roof_ms'] / row['ms']:.0f} % |")
    return "\n".join(lines) + "\n"


def section(precision, measured):
    roof = measured["roof"]
    return "\n".join([
        f"**{precision}**: {roof['f32_gflops']:.0f} GFLOP/s in float32, {roof['bf16_gflops']:.0f} in bfloat16, "
        f"{roof['int8_gops']:.0f} GOP/s in bytes, {roof['memory_gb_per_s']:.0f} GB/s of memory were measured before it.", "",
        table("step", measured), table("decode", measured)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="diffusers folder")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, help="page whose tables between the marks are replaced")
    arguments = parser.parse_args()
    text = f"{arguments.size} x {arguments.size}, one step with guidance.\n\n"
    text += "\n".join(section(precision, measure(arguments, precision)) for precision in ("exact", "fast", "int8"))
    publish(arguments.output, "roofline", text, arguments.threads)


if __name__ == "__main__":
    main()

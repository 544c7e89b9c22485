"""Measures this machine and writes its page, docs/performance/<instruction set>.md, whole: one machine, one commit, one run.

    python bench/report.py [--all] [--sections NAME ...]

`--all` adds what takes hours: Stable Diffusion 1.5 at 768 and XL at 1024. `--sections` measures these alone; the page
then has nothing else. Without success of every section the page stays as it was.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from page import ROOT, commit, cpu_name, info, kernels

HERE = Path(__file__).resolve().parent
PAGES = ROOT / "docs" / "performance"
SYNTHETIC = ROOT / "build" / "synthetic"
BUNDLED = ROOT / "models" / "shapes-128"
SD15, SDXL = SYNTHETIC / "sd15", SYNTHETIC / "sdxl"


def peers(model, size, *flags):
    return f"peers {model.name} {size}", ["peers.py", f"{model}:{size}", *flags]


# Name, heading, parts; a part is the mark of its text and the script that writes it.
SECTIONS = {
    "peers": ("Beside diffusers and OpenVINO", [peers(SD15, 256), peers(SD15, 512)]),
    "small": ("A small model", [peers(BUNDLED, 128, "--steps", "40", "--rounds", "5")]),
    "cold": ("From a cold start to the first image", [("cold", ["cold_start.py", f"{BUNDLED}:128", f"{SD15}:512"])]),
    "roofline": ("Roofline", [("roofline", ["roofline.py", SD15])]),
    "scaling": ("Threads, sizes, batches", [("scaling", ["scaling.py", SD15, "--images", ROOT / "docs" / "images"])]),
    "batch": ("Batches", [("batch", ["batch.py", f"{BUNDLED}:128", f"{SD15}:256", f"{SD15}:512"])]),
    "shortcuts": ("Options that skip work", [("shortcuts", ["shortcuts.py", SD15, "--prompts", "12"])]),
    "http": ("HTTP", [("http", ["http_load.py", ROOT / "build" / "sd-worker", f"{BUNDLED}:128", f"{SD15}:256"])]),
    "busy": ("On a shared machine", [("busy", ["busy.py", SD15])]),
}
HOURS = {"peers": [peers(SD15, 768, "--rounds", "1"), peers(SDXL, 1024, "--rounds", "1")]}


def caches():
    sizes = info().get("caches")
    return f", caches {sizes['second_level_bytes'] >> 10} KiB and {sizes['shared_bytes'] >> 20} MiB" if sizes else ""


def head():
    today = datetime.date.today().isoformat()
    return (f"# Performance: {kernels()}\n\n{cpu_name()}, {os.cpu_count()} threads, kernels {kernels()}{caches()}; commit {commit()}, "
            f"{today}. Written by `make bench`; [performance.md](../performance.md) says what the tables mean.\n")


def sections(arguments):
    for name in arguments.sections:
        heading, parts = SECTIONS[name]
        yield heading, parts + (HOURS.get(name, []) if arguments.all else [])


def make_model(folder):
    if not (folder / "model_index.json").exists():
        run(ROOT / "tools" / "make_synthetic.py", "--family", folder.name, "--output", folder)


def run(script, *arguments):
    command = [sys.executable, script, *arguments]
    print("$", *command, file=sys.stderr, flush=True)
    subprocess.run([str(word) for word in command], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    make_model(SD15)
    if arguments.all:
        make_model(SDXL)
    PAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PAGES) as folder:
        page = Path(folder) / "page.md"
        text = head()
        for heading, parts in sections(arguments):
            text += f"\n## {heading}\n" + "\n".join(f"<!-- {mark} -->\n<!-- /{mark} -->\n" for mark, _ in parts)
        page.write_text(text)
        for _, parts in sections(arguments):
            for _, (script, *flags) in parts:
                run(HERE / script, *flags, "--output", page)
        os.replace(page, PAGES / f"{kernels()}.md")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""lint.py BUILD: clang-tidy over every source of src/ that the build folder BUILD has compiled. Prints findings only
and fails if there is one. A source that was clean is not read again until it, a header of it or the rules change."""

import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCES = REPOSITORY / "src"
TIDY = "clang-tidy-14"
CLEAN = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sd-worker-lint"


def compiled_sources(build: Path) -> dict[Path, list[Path]]:
    """Each source of src/ with all files of src/ that it is made of, itself included."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    found = {}
    for block in listing.split("\n\n"):
        files = [(build / line.strip()).resolve() for line in block.splitlines()[1:]]
        ours = [file for file in files if file.is_relative_to(SOURCES)]
        if ours and ours[0].suffix == ".cpp":
            found[ours[0]] = ours
    return found


def rules() -> bytes:
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    return version + (REPOSITORY / ".clang-tidy").read_bytes() + (REPOSITORY / "CMakeLists.txt").read_bytes()


def key_of(files: list[Path], rules: bytes) -> str:
    digest = hashlib.sha256(rules)
    for file in sorted(files):
        digest.update(str(file.relative_to(SOURCES)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def findings(source: Path, build: Path) -> str:
    run = subprocess.run([TIDY, "--quiet", "-p", build, source], capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    noise = re.compile(r"^\d+ (warnings?|errors?) |^Error while processing")
    lines = [line for line in (run.stdout + run.stderr).splitlines() if not noise.match(line)]
    return "\n".join(lines) or f"{source}: {TIDY} failed with {run.returncode}"


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    compiled = compiled_sources(build)
    missing = set(SOURCES.rglob("*.cpp")) - set(compiled)
    if missing:
        print(f"not compiled in {build}: {', '.join(sorted(str(file.relative_to(REPOSITORY)) for file in missing))}")
        return 1
    stamps = {source: CLEAN / key_of(files, rules()) for source, files in compiled.items()}
    CLEAN.mkdir(parents=True, exist_ok=True)
    dirty = [source for source, stamp in sorted(stamps.items()) if not stamp.exists()]
    failed = False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, found in zip(dirty, pool.map(lambda source: findings(source, build), dirty)):
            if found:
                failed = True
                print(found, flush=True)
            else:
                stamps[source].touch()
    print(f"{len(compiled)} sources, {len(dirty)} read, {'findings above' if failed else 'no finding'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

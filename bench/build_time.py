#!/usr/bin/env python3
"""Compares what two revisions cost to compile, side by side and without ccache.

    bench/build_time.py 8e6e26f HEAD                     all of sd-worker
    bench/build_time.py 8e6e26f HEAD --tests             with unit tests and probes
    bench/build_time.py 8e6e26f HEAD --rooms http jobs   these folders of src/ alone
    bench/build_time.py HEAD --edit src/request/sampling_options.cpp
                                                         how many objects an edit of the file recompiles

Both builds run at once with one compiler each, so that whatever else the machine does slows both alike. Only ratios are
printed: the sums of seconds hold for one machine at one moment.
"""

import argparse
import collections
import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOM = re.compile(r"(?:^|/)(?:src|tests)/(?:unit/)?([^/]+)/")


class Checkout:
    """A revision in a folder of its own, configured but not built."""

    def __init__(self, folder: Path, revision: str, tests: bool):
        self.revision = revision
        self.build = folder / "build"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", folder, revision], check=True)
        self.build.mkdir(exist_ok=True)
        (self.build / "venv").symlink_to((ROOT / "build/venv").resolve())
        subprocess.run(["cmake", "-S", folder, "-B", self.build, "-G", "Ninja", "--log-level=WARNING",
                        f"-DSD_WORKER_TESTS={'ON' if tests else 'OFF'}"], check=True, stdout=subprocess.DEVNULL)

    def objects(self, rooms: list[str]) -> list[str]:
        """The objects that `all` needs, of these rooms or of every room."""
        listed = self.ninja("-t", "inputs", "all").splitlines()
        return [path for path in map(str.strip, listed)
                if path.endswith(".o") and (not rooms or room_of(path) in rooms)]

    def ninja(self, *arguments: str) -> str:
        return subprocess.run(["ninja", "-C", self.build, "--quiet", *arguments], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def start(self, objects: list[str]) -> subprocess.Popen:
        return subprocess.Popen(["ninja", "-C", self.build, "--quiet", "-j1", *objects],
                                env={**os.environ, "CCACHE_DISABLE": "1"})

    def seconds(self, objects: list[str]) -> dict[str, float]:
        """Seconds of each object, from ninja's log (start and end in ms, the last line of an output counts)."""
        found = {}
        for line in (self.build / ".ninja_log").read_text().splitlines()[1:]:
            start, end, _, output, _ = line.split("\t")
            found[output] = (int(end) - int(start)) / 1000
        return {output: found[output] for output in objects}

    def users_of(self, file: str) -> int:
        """How many objects read `file`. The build has to be complete."""
        users, current = set(), ""
        for line in self.ninja("-t", "deps").splitlines():
            if line and not line.startswith(" "):
                current = line.partition(":")[0]
            elif line.strip().endswith("/" + file):
                users.add(current)
        return len(users)


def room_of(path: str) -> str:
    match = ROOM.search(path)
    return match[1] if match else "other"


def by_room(seconds: dict[str, float]) -> dict[str, float]:
    sums = collections.Counter()
    for path, value in seconds.items():
        sums[room_of(path)] += value
    return sums


@contextlib.contextmanager
def checkouts(revisions: list[str], tests: bool):
    folder = Path(tempfile.mkdtemp(prefix="build_time."))
    try:
        yield [Checkout(folder / str(index), revision, tests) for index, revision in enumerate(revisions)]
    finally:
        shutil.rmtree(folder)
        subprocess.run(["git", "-C", ROOT, "worktree", "prune"], check=True)


def compile_all(trees: list[Checkout], rooms: list[str]) -> list[dict[str, float]]:
    wanted = [tree.objects(rooms) for tree in trees]
    for process in [tree.start(objects) for tree, objects in zip(trees, wanted)]:
        if process.wait() != 0:
            raise SystemExit("a build failed")
    return [tree.seconds(objects) for tree, objects in zip(trees, wanted)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revisions", nargs="+", metavar="REVISION")
    parser.add_argument("--rooms", nargs="+", default=[])
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--edit", nargs="+", default=[], metavar="FILE")
    arguments = parser.parse_args()
    if len(arguments.revisions) > 2 or (len(arguments.revisions) == 1 and not arguments.edit):
        parser.error("two revisions to compare, or one and --edit")

    with checkouts(arguments.revisions, arguments.tests) as trees:
        times = compile_all(trees, arguments.rooms)
        for tree in trees:
            for file in arguments.edit:
                print(f"{tree.revision}: an edit of {file} recompiles {tree.users_of(file)} objects")
        if len(trees) < 2:
            return
        old, new = map(by_room, times)
        print(f"{'room':12} {arguments.revisions[0]:>10} {arguments.revisions[1]:>10}")
        for room in sorted(old | new, key=lambda name: -old[name]):
            print(f"{room:12} {old[room] / sum(old.values()):10.1%} {new[room] / sum(old.values()):10.1%}")
        print(f"{'objects':12} {len(times[0]):10} {len(times[1]):10}")
        print(f"compile seconds of {arguments.revisions[1]} are {sum(new.values()) / sum(old.values()):.0%} of "
              f"{arguments.revisions[0]}'s")


if __name__ == "__main__":
    main()

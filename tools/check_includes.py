#!/usr/bin/env python3
"""Holds the ladder of rooms: what each folder of src/ may include, directly or through another header.

    tools/check_includes.py [SRC]

Prints a line for each include that climbs, and ends with 1 if there is one.
"""

import dataclasses
import re
import sys
from pathlib import Path

TENSORS = ("ATen/", "c10/", "torch/")
HTTP_LIBRARY = ("boost/beast", "boost/asio")


@dataclasses.dataclass(frozen=True)
class Room:
    includes: str  # the rooms it may name, highest first
    strangers: tuple[str, ...] = ()  # libraries that it may not reach through any chain of includes


# The rooms, highest first. The only place where the ladder is written as code; docs and build files follow it.
ROOMS = {
    "cli": Room("http worker jobs contract request pipeline schedulers models ops kernels text io support"),
    "http": Room("jobs contract request io support", TENSORS),
    "worker": Room("jobs contract request pipeline schedulers models ops io support", HTTP_LIBRARY),
    "jobs": Room("contract request io support", TENSORS + HTTP_LIBRARY),
    "contract": Room("request io support", TENSORS + HTTP_LIBRARY),
    "pipeline": Room("request schedulers models ops text io support", HTTP_LIBRARY),
    "schedulers": Room("request ops io support", HTTP_LIBRARY),
    "models": Room("ops io support", HTTP_LIBRARY),
    "ops": Room("kernels support", HTTP_LIBRARY),
    "kernels": Room("support", TENSORS + HTTP_LIBRARY),
    "request": Room("io support", TENSORS + HTTP_LIBRARY),
    "text": Room("io support", TENSORS + HTTP_LIBRARY),
    "io": Room("support", TENSORS + HTTP_LIBRARY),
    "support": Room("", TENSORS + HTTP_LIBRARY),
}

SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


@dataclasses.dataclass(frozen=True)
class Include:
    line: int
    path: str
    own: bool  # "..." and so from src/, not <...>


def read_includes(file: Path) -> list[Include]:
    found = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(text):
            found.append(Include(number, match[1] or match[2], match[1] is not None))
    return found


class Tree:
    def __init__(self, src: Path):
        self.includes = {file.relative_to(src).as_posix(): read_includes(file)
                         for file in sorted(src.rglob("*")) if file.suffix in SUFFIXES}

    def chain_to(self, file: str, libraries: tuple[str, ...]) -> list[str] | None:
        """The shortest way from `file` to a header of one of the libraries, or None."""
        ways, seen = [[file]], {file}
        for way in ways:
            for include in self.includes.get(way[-1], ()):
                if not include.own and include.path.startswith(libraries):
                    return [*way, include.path]
                if include.own and include.path not in seen:
                    seen.add(include.path)
                    ways.append([*way, include.path])
        return None

    def problems(self):
        for file, includes in self.includes.items():
            name = file.partition("/")[0]
            if name not in ROOMS:
                yield f"{file}: {name} is not a room"
                continue
            room = ROOMS[name]
            for include in includes:
                where = f"{file}:{include.line}: "
                target = include.path.partition("/")[0]
                if not include.own:
                    if include.path.startswith(tuple(f"{other}/" for other in ROOMS)):
                        yield where + f"<{include.path}> is ours: write it in quotes"
                elif include.path not in self.includes:
                    yield where + f'"{include.path}" is no file of src/ (includes are rooted there)'
                elif target != name and target not in room.includes.split():
                    yield where + f'{name} may not include {target} ("{include.path}")'
            if room.strangers and (way := self.chain_to(file, room.strangers)):
                yield f"{file}: {name} may not know {way[-1]}, which comes by {' -> '.join(way)}"


def main() -> int:
    src = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "src"
    tree = Tree(src)
    problems = list(tree.problems())
    print("\n".join(problems) if problems else f"{len(tree.includes)} files keep the ladder")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

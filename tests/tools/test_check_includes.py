"""The ladder of rooms holds in src/, and the script that says so would notice if it did not."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "check_includes.py"


def check(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False)


def write(src: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (src / name).parent.mkdir(parents=True, exist_ok=True)
        (src / name).write_text(text)
    return src


def test_every_include_of_the_program_points_downward():
    result = check()
    assert result.returncode == 0, result.stdout


def test_downward_includes_pass(tmp_path):
    src = write(tmp_path, {"io/file.h": "#include <vector>\n", "models/unet.h": '#include "io/file.h"\n#include <ATen/core/Tensor.h>\n',
                           "cli/main.cpp": '#include "models/unet.h"\n'})
    assert check(src).returncode == 0


CLIMBS = {
    "a room above": ({"io/a.h": '#include "models/b.h"\n', "models/b.h": ""}, "io/a.h:1: io may not include models"),
    "a room beside": ({"schedulers/a.cpp": '\n# include "models/b.h"\n', "models/b.h": ""},
                      "schedulers/a.cpp:2: schedulers may not include models"),
    "tensors where none belong": ({"text/a.cpp": "#include <ATen/ATen.h>\n"}, "text may not know ATen/ATen.h"),
    "tensors through other headers": (
        {"http/a.cpp": '#include "jobs/b.h"\n', "jobs/b.h": '#include "jobs/c.h"\n', "jobs/c.h": "#include <c10/util/Half.h>\n"},
        "http/a.cpp -> jobs/b.h -> jobs/c.h -> c10/util/Half.h"),
    "the HTTP library below http": ({"jobs/a.cpp": "#include <boost/asio.hpp>\n"}, "jobs may not know boost/asio.hpp"),
    "a path that is not rooted": ({"io/a.cpp": '#include "a.h"\n', "io/a.h": ""}, '"a.h" is no file of src/'),
    "a path that goes up": ({"io/a.cpp": '#include "../io/a.h"\n', "io/a.h": ""}, '"../io/a.h" is no file of src/'),
    "our own in angle brackets": ({"cli/a.cpp": "#include <io/a.h>\n", "io/a.h": ""}, "write it in quotes"),
    "a folder that is no room": ({"utils/a.h": ""}, "utils is not a room"),
}


@pytest.mark.parametrize("files, message", CLIMBS.values(), ids=CLIMBS.keys())
def test_a_climbing_include_is_named(tmp_path, files, message):
    result = check(write(tmp_path, files))
    assert result.returncode == 1 and message in result.stdout, result.stdout

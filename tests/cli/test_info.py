"""`info` tells what the machine has, and SD_WORKER_ISA chooses from it."""

import json
import os
from pathlib import Path

import numpy
import pytest
from PIL import Image
from program import PROGRAM, Program


def run(*arguments, isa="", caches=""):
    return Program(PROGRAM).run(*arguments, env={**os.environ, "SD_WORKER_ISA": isa, "SD_WORKER_CACHES": caches})


def info(isa=""):
    result = run("info", "--json", isa=isa)
    assert result.code == 0, result.stderr
    return json.loads(result.stdout)


HERE = [one["name"] for one in info()["instruction_sets"] if one["on_this_cpu"]] if PROGRAM.exists() else []


def chosen(isa=""):
    return [one["name"] for one in info(isa)["instruction_sets"] if one["chosen"]]


def test_what_the_cpu_has_is_listed():
    flags = Path("/proc/cpuinfo").read_text().split()
    for flag, name in {"amx_int8": "amx", "avx512_bf16": "avx512_bf16", "avx512_vnni": "avx512_vnni",
                       "avx512dq": "avx512", "avx2": "avx2"}.items():
        assert (flag in flags) == (name in HERE), name


def test_the_best_instruction_set_of_this_machine_is_used():
    slower_than_the_next = "" if "AMD" in info()["cpu"] else "avx512_bf16"
    assert chosen() == [name for name in HERE if name != slower_than_the_next][:1]


@pytest.mark.parametrize("isa", HERE)
def test_each_one_can_be_chosen_and_gives_the_same_picture(isa, sd15, tmp_path):
    assert chosen(isa) == [isa]
    pictures = []
    for name in (isa, ""):
        file = tmp_path / f"picture{name}.png"
        result = run("generate", "--model", sd15, "--prompt", "x", "--seed", 1, "--steps", 2, "--output", file, isa=name)
        assert result.code == 0, result.stderr
        pictures.append(numpy.asarray(Image.open(file), dtype=int))
    assert numpy.abs(pictures[0] - pictures[1]).max() <= 2


def test_an_unknown_name_is_wrong_usage():
    result = run("info", isa="mmx")
    assert result.code == 2 and "'mmx'" in result.stderr and "avx2" in result.stderr


def test_one_of_another_architecture_is_not_in_this_build():
    other = "neon" if "avx2" in [one["name"] for one in info()["instruction_sets"]] else "avx2"
    result = run("info", isa=other)
    assert result.code != 0 and f"this build lacks {other}" in result.stderr


def test_the_text_names_what_is_used():
    result = run("info")
    assert result.code == 0 and f"{chosen()[0]} (used)" in result.stdout


def test_cache_sizes_are_listed_and_can_be_forced():
    assert not info()["caches"]["forced"]
    result = run("info", "--json", caches="128K,0")
    assert json.loads(result.stdout)["caches"] == {"second_level_bytes": 128 << 10, "shared_bytes": 0, "forced": True}
    assert "128 KiB a core, 262144 KiB shared (forced)" in run("info", caches="131072,256M").stdout


@pytest.mark.parametrize("caches", ["1M", "0,1M", "1M,", ",1M", "1M,1M,1M", "-1,1M", "1G,1M", "1M, 1M", "9999999M,1M", "x,y", "99999999999999999999,1"])
def test_cache_sizes_that_are_none_are_wrong_usage(caches):
    result = run("info", caches=caches)
    assert result.code == 2 and result.stderr.count("\n") == 1 and "SD_WORKER_CACHES must be two sizes" in result.stderr

"""`--precision fast` on the CPU: 16-bit weights, and a picture close to the exact one on every instruction set."""

import json
import os

import numpy
import pytest
from program import PROGRAM, REPOSITORY, Program

BUNDLED = REPOSITORY / "models" / "shapes-128"
PROMPT = "a small red circle above a large blue square on a white background"
LEAST_PSNR = 35  # dB, of a picture after 20 steps


def instruction_sets():
    if not PROGRAM.exists():
        return []
    sets = json.loads(Program(PROGRAM).run("info", "--json").stdout)["instruction_sets"]
    return [one["name"] for one in sets if one["on_this_cpu"]]


def picture(folder, precision, model=BUNDLED, isa="", steps=20):
    result = Program(PROGRAM).run("generate", "--model", model, "--prompt", PROMPT, "--seed", 3, "--steps", steps,
                                  "--precision", precision, "--output", folder / f"{precision}{isa}.png", "--json",
                                  env={**os.environ, "SD_WORKER_ISA": isa})
    assert result.code == 0, result.stderr
    return result.pictures[0].astype(float)


def psnr(one, other):
    return 10 * numpy.log10(255**2 / numpy.square(one - other).mean())


@pytest.mark.parametrize("isa", instruction_sets())
def test_fast_is_close_to_exact_and_not_the_same(isa, tmp_path):
    exact, fast = picture(tmp_path, "exact", isa=isa), picture(tmp_path, "fast", isa=isa)
    assert LEAST_PSNR <= psnr(exact, fast) < 100


def test_fast_is_close_to_exact_with_random_weights(sd15, tmp_path):
    assert psnr(picture(tmp_path, "exact", sd15), picture(tmp_path, "fast", sd15)) >= LEAST_PSNR


def test_what_a_device_cannot_do_is_wrong_usage(sd15):
    result = Program(PROGRAM).run("generate", "--model", sd15, "--prompt", PROMPT, "--precision", "int8")
    assert result.code == 2 and "int8 is not available on cpu" in result.stderr

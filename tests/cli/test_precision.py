"""`--precision fast` and `int8` on the CPU: pictures close to the exact one on every instruction set, and that very
one where nothing is multiplied in fewer bits (the bundled model is of float16, which loses nothing by staying so).
"""

import os

import pytest
from program import PROGRAM, REPOSITORY, Program, machine

from reference.compare import psnr

BUNDLED = REPOSITORY / "models" / "shapes-128"
PROMPT = "a small red circle above a large blue square on a white background"
LEAST_PSNR = {"fast": 35, "int8": 30}  # dB, of a picture after 20 steps
MULTIPLIES = {"fast": ("amx", "avx512_bf16"), "int8": ("amx", "avx512_bf16", "avx512_vnni")}


def instruction_sets():
    return [one["name"] for one in machine().get("instruction_sets", []) if one["on_this_cpu"]]


def picture(folder, precision, model=BUNDLED, isa="", steps=20):
    result = Program(PROGRAM).run("generate", "--model", model, "--prompt", PROMPT, "--seed", 3, "--steps", steps,
                                  "--precision", precision, "--output", folder / f"{precision}{isa}.png", "--json",
                                  env={**os.environ, "SD_WORKER_ISA": isa})
    assert result.code == 0, result.stderr
    return result.pictures[0]


@pytest.mark.parametrize("isa", instruction_sets())
def test_close_to_exact(isa, tmp_path):
    exact = picture(tmp_path, "exact", isa=isa)
    for precision, least in LEAST_PSNR.items():
        other = picture(tmp_path, precision, isa=isa)
        if isa in MULTIPLIES[precision]:
            assert least <= psnr(exact, other) < 100, precision
        else:
            assert (exact == other).all(), precision


@pytest.mark.parametrize("precision", LEAST_PSNR)
def test_close_to_exact_with_random_weights(precision, sd15, tmp_path):
    assert psnr(picture(tmp_path, "exact", sd15), picture(tmp_path, precision, sd15)) >= LEAST_PSNR[precision]


def test_without_products_of_bytes_int8_is_fast(tmp_path):
    isa = next(name for name in instruction_sets() if name not in MULTIPLIES["int8"])
    fast, int8 = picture(tmp_path, "fast", isa=isa), picture(tmp_path, "int8", isa=isa)
    assert (fast == int8).all()

"""A GPU draws the picture that diffusers draws on a CPU."""

import pytest
from command_line import arguments
from program import machine

from reference import cases
from reference.cache import reference_picture
from reference.compare import assert_same_picture, psnr
from reference.pictures import Case
from reference.samplers import SAMPLERS

LEAST_PSNR_OF_HALF = 35  # dB, as of `fast` on a CPU


pytestmark = pytest.mark.skipif(not machine().get("cuda_devices"), reason="not run: no CUDA device, or a build without CUDA=1")

INPUT_CASES = {**{f"transform {name}": cases.TRANSFORM_CASES[name] for name in ("sd15 0.5", "sdxl 0.5", "odd input")},
               **{f"inpaint {name}": cases.INPAINT_CASES[name] for name in ("sd15 0.6", "sdxl_inpaint 1.0", "unguided")}}
EXACT_CASES = cases.FAMILY_CASES | INPUT_CASES | cases.SIZE_CASES | {
    f"{sampler} {schedule}": Case("sd15", sampler=sampler, schedule=schedule)
    for sampler in SAMPLERS for schedule in (None, "karras")}


def picture(program, case, folder, *options):
    result = program.generate(*arguments(case, folder, "cuda"), *options)
    assert result.code == 0, f"expected a picture, got exit code {result.code}: {result.stderr}"
    return result.pictures[0]


@pytest.mark.parametrize("case", EXACT_CASES.values(), ids=EXACT_CASES.keys())
def test_exact_is_the_reference(program, case, tmp_path):
    assert_same_picture(picture(program, case, tmp_path), reference_picture(case))


@pytest.mark.parametrize("case", cases.FAMILY_CASES.values(), ids=cases.FAMILY_CASES.keys())
def test_fast_is_half_precision(program, case, tmp_path):
    assert psnr(reference_picture(case), picture(program, case, tmp_path, "--precision=fast")) >= LEAST_PSNR_OF_HALF

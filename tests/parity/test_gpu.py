"""A GPU draws the picture that diffusers draws on a CPU.

Each case runs on this machine's GPU, where it has one, and on a fake one (tests/fake_gpu), which shows on any machine
that no tensor is on the wrong device.
"""

import os

import pytest
from command_line import arguments
from program import FAKE_GPU, machine, needs_fake_gpu
from test_loras import kohya, write_lora

from reference import cases
from reference.cache import reference_picture
from reference.compare import assert_same_picture, psnr
from reference.pictures import Case
from reference.samplers import SAMPLERS

LEAST_PSNR_OF_HALF = 35  # dB, as of `fast` on a CPU

INPUT_CASES = {**{f"transform {name}": cases.TRANSFORM_CASES[name] for name in ("sd15 0.5", "sdxl 0.5", "odd input")},
               **{f"inpaint {name}": cases.INPAINT_CASES[name] for name in ("sd15 0.6", "sdxl_inpaint 1.0", "unguided")}}
EXACT_CASES = cases.FAMILY_CASES | INPUT_CASES | cases.SIZE_CASES | cases.SHORTCUT_CASES | {
    sampler: Case("sd15", sampler=sampler) for sampler in SAMPLERS} | {
    "karras": Case("sd15", sampler="euler", schedule="karras")}


@pytest.fixture(params=[
    pytest.param({}, id="gpu", marks=pytest.mark.skipif(
        not machine().get("cuda_devices"), reason="not run: no CUDA device, or a build without CUDA=1")),
    pytest.param(FAKE_GPU, id="fake gpu", marks=needs_fake_gpu)])
def draw(request, program, tmp_path):
    def picture(case, *options):
        result = program.generate(*arguments(case, tmp_path, "cuda"), *options, env=os.environ | request.param)
        assert result.code == 0, f"expected a picture, got exit code {result.code}: {result.stderr}"
        return result.pictures[0]

    return picture


@pytest.mark.parametrize("case", EXACT_CASES.values(), ids=EXACT_CASES.keys())
def test_exact_is_the_reference(draw, case):
    assert_same_picture(draw(case), reference_picture(case))


@pytest.mark.parametrize("case", cases.FAMILY_CASES.values(), ids=cases.FAMILY_CASES.keys())
def test_fast_is_half_precision(draw, case):
    assert psnr(reference_picture(case), draw(case, "--precision=fast")) >= LEAST_PSNR_OF_HALF


def test_a_lora(draw, program, tmp_path):
    case, lora = Case("sd15", guidance=5.0), ["--lora", write_lora(tmp_path / "style.safetensors", "sd15", kohya)]
    assert_same_picture(draw(case, *lora), program.generate(*arguments(case, tmp_path), *lora).pictures[0])


@needs_fake_gpu
def test_a_model_beyond_the_memory_of_the_gpu(program, tmp_path):
    little = os.environ | FAKE_GPU | {"FAKE_GPU_BYTES": "100000"}
    result = program.generate(*arguments(Case("sd15"), tmp_path, "cuda"), env=little)
    assert result.code == 5 and result.stderr.count("\n") == 1 and "memory" in result.stderr, result.stderr

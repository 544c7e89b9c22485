"""`generate` draws the picture that diffusers draws for the same model, words and seed."""

import dataclasses

import pytest
from command_line import arguments

from reference import cases
from reference.cache import reference_picture
from reference.compare import assert_same_picture
from reference.pictures import Case


def by_name(table: dict):
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


def by_sampler(table: list):
    return pytest.mark.parametrize("case", table, ids=[f"{case.model} {case.sampler} {case.schedule}" for case in table])


def check(program, case: Case, folder) -> None:
    result = program.generate(*arguments(case, folder))
    assert result.code == 0, f"expected a picture, got exit code {result.code}: {result.stderr}"
    assert_same_picture(result.pictures[0], reference_picture(case))


@by_name(cases.FAMILY_CASES)
def test_every_family_with_its_own_sampler(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.VARIANT_CASES)
def test_every_way_a_model_is_saved(program, case, tmp_path):
    check(program, case, tmp_path)


@by_sampler(cases.SAMPLER_CASES)
def test_every_sampler_and_every_schedule(program, case, tmp_path):
    check(program, case, tmp_path)


@by_sampler(cases.SCHEDULE_ONLY + cases.SAMPLERS_ELSEWHERE)
def test_other_families_with_other_samplers(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.STEP_COUNTS)
def test_few_and_many_steps(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.SIZE_CASES)
def test_sizes_that_are_not_square(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.GUIDANCE_CASES)
def test_guidance_scales(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.SHORTCUT_CASES)
def test_shortcuts(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.PROMPT_CASES)
def test_prompts(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.SEED_CASES)
def test_seeds_up_to_64_bits(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.TRANSFORM_CASES)
def test_image_to_image(program, case, tmp_path):
    check(program, case, tmp_path)


@by_name(cases.INPAINT_CASES)
def test_inpainting(program, case, tmp_path):
    check(program, case, tmp_path)


@pytest.mark.parametrize("model", ["sd15", "sdxl_turbo"])
def test_several_pictures_take_seeds_one_after_the_other(program, model, tmp_path):
    case = Case(model, steps=2, seed=7, sampler="euler_a")
    result = program.generate(*arguments(case, tmp_path), "--count", 3)
    assert result.json["seeds"] == [7, 8, 9]
    for seed, picture in zip([7, 8, 9], result.pictures):
        assert_same_picture(picture, reference_picture(dataclasses.replace(case, seed=seed)), f"seed {seed}:")


def test_sizes_default_to_the_models(program, tmp_path):
    result = program.generate(*arguments(Case("sdxl", steps=1), tmp_path))
    assert (result.json["width"], result.json["height"]) == (128, 128)

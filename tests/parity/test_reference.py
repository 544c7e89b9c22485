"""The reference pictures are worth comparing with: they have contrast, and everything a user can set shows in them."""

import dataclasses

import pytest

from reference.cache import reference_picture
from reference.cases import SAMPLER_MATRIX, own
from reference.compare import LARGEST, assert_telling, difference
from reference.families import FAMILIES

CHANGES = {
    "prompt": {"prompt": "an old castle in the rain"},
    "seed": {"seed": 99},
    "guidance": {"guidance": 3.0},
    "negative prompt": {"negative": "ugly low quality", "guidance": 3.0},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_reference_picture_has_contrast(name):
    assert_telling(reference_picture(own(name)))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", FAMILIES)
def test_what_a_user_sets_shows_in_the_picture(name, change):
    if change == "negative prompt" and name == "sd15_lcm":
        return  # a distilled model has no second pass for it
    base = own(name)
    if change == "negative prompt":
        base = dataclasses.replace(base, guidance=CHANGES[change]["guidance"])
    changed = dataclasses.replace(base, **CHANGES[change])
    largest, mean = difference(reference_picture(base), reference_picture(changed))
    assert largest > 5 * LARGEST and mean > 1, f"expected another picture, got a difference of {largest}, mean {mean:.2f}"


def test_every_sampler_gives_a_picture_of_its_own():
    pictures = {}
    for case in SAMPLER_MATRIX:
        if case.schedule is not None:
            continue
        pictures[case.sampler] = reference_picture(case)
    for first in pictures:
        for second in pictures:
            if first < second:
                largest, _ = difference(pictures[first], pictures[second])
                assert largest > 2 * LARGEST, f"{first} and {second} differ by no more than {largest}"


def _same_times(sampler, first, second):
    """Multistep schedulers space "linspace" and "trailing" alike but for a rounding: 999, 999 - 999/N and 999, 999 - 1000/N."""
    return sampler in ("dpmpp_2m", "unipc", "deis") and {first, second} == {"linspace", "trailing"}


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m", "unipc", "deis", "lms", "dpm2"])
def test_every_schedule_gives_a_picture_of_its_own(sampler):
    pictures = {}
    for case in SAMPLER_MATRIX:
        if case.sampler == sampler and case.schedule in ("karras", "exponential", "beta", "trailing", "linspace", "leading"):
            pictures[case.schedule] = reference_picture(case)
    for first in pictures:
        for second in pictures:
            if first < second and not _same_times(sampler, first, second):
                largest, _ = difference(pictures[first], pictures[second])
                assert largest > 2 * LARGEST, f"{first} and {second} differ by no more than {largest}"

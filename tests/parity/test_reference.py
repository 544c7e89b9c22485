"""The reference pictures are worth comparing with: they have contrast, and everything a user can set shows in them."""

import dataclasses
import itertools

import pytest

from reference.cache import reference_picture
from reference.cases import own
from reference.compare import LARGEST, assert_telling, difference
from reference.families import FAMILIES
from reference.pictures import Case
from reference.samplers import SAMPLERS

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


def by_name(sampler: str | None, schedule: str | None):
    return reference_picture(Case("sd15", sampler=sampler, schedule=schedule))


def assert_all_differ(pictures: dict) -> None:
    for first, second in itertools.combinations(pictures, 2):
        largest, _ = difference(pictures[first], pictures[second])
        assert largest > 2 * LARGEST, f"{first} and {second} differ by no more than {largest}"


def test_every_sampler_gives_a_picture_of_its_own():
    assert_all_differ({sampler: by_name(sampler, None) for sampler in SAMPLERS})


def test_every_schedule_gives_a_picture_of_its_own():
    schedules = ("karras", "exponential", "beta", "trailing", "linspace", "leading")
    assert_all_differ({schedule: by_name("euler", schedule) for schedule in schedules})

"""The checker of the bundled model's pictures: passes what is right, and every kind of wrong picture fails."""

import random
from dataclasses import replace

import numpy as np
import pytest

from shapes.checker import faults
from shapes.outline import SHAPES
from shapes.palette import COLOURS
from shapes.render import render
from shapes.scene import Item, Scene, random_scene

SINGLE = Scene((Item("star", "red", "large", 64, 64, 46),), "white")
PAIR = Scene((Item("circle", "red", "small", 64, 30, 14), Item("square", "blue", "large", 64, 80, 25)), "white", "above")


def picture(scene):
    return render(scene)


def with_item(scene, index, **changes):
    items = list(scene.items)
    items[index] = replace(items[index], **changes)
    return replace(scene, items=tuple(items))


@pytest.mark.parametrize("items", [1, 2])
def test_drawn_scenes_are_right(items):
    rng = random.Random(items)
    wrong = [(scene, faults(picture(scene), scene)) for scene in (random_scene(rng, items=items) for _ in range(250))]
    wrong = [(scene, found) for scene, found in wrong if found]
    assert not wrong, f"{len(wrong)} of 250 judged wrong, the first: {wrong[0]}"


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_passes_for_another(shape):
    for radius in (14, 20, 34, 46):
        drawn = picture(with_item(SINGLE, 0, shape=shape, size=None, radius=radius))
        passed = [other for other in SHAPES if not faults(drawn, with_item(SINGLE, 0, shape=other, size=None))]
        assert passed == [shape], f"radius {radius}"


def test_no_colour_passes_for_another():
    for colour in COLOURS:
        background = "white" if colour != "white" else "black"
        drawn = picture(replace(with_item(SINGLE, 0, colour=colour), background=background))
        passed = [other for other in COLOURS
                  if not faults(drawn, replace(with_item(SINGLE, 0, colour=other), background=background))]
        assert passed == [colour]


@pytest.mark.parametrize("wrong", [
    with_item(PAIR, 0, shape="heart"), with_item(PAIR, 1, shape="diamond"), with_item(PAIR, 0, colour="orange"),
    with_item(PAIR, 1, colour="cyan"), with_item(PAIR, 0, radius=20), with_item(PAIR, 1, radius=18),
    replace(PAIR, background="yellow"), with_item(PAIR, 0, y=-40), with_item(PAIR, 0, y=110, x=20),
    with_item(with_item(PAIR, 0, x=20, y=64), 1, x=84, y=64),
    with_item(with_item(PAIR, 0, colour="blue"), 1, colour="red"),
    with_item(with_item(PAIR, 0, y=100), 1, y=40),
], ids=["first shape", "second shape", "first colour", "second colour", "first size", "second size", "background",
        "one missing", "overlapping", "beside", "colours exchanged", "places exchanged"])
def test_a_wrong_pair_fails(wrong):
    assert faults(picture(wrong), PAIR)


@pytest.mark.parametrize("place", ["left", "top right", "bottom"])
def test_a_shape_in_the_wrong_place_fails(place):
    scene = Scene((Item("ring", "green", "small", 64, 64, 16),), "black", place=place)
    assert faults(picture(scene), scene)


@pytest.mark.parametrize("relation", ["below", "left", "right"])
def test_another_relation_fails(relation):
    assert faults(picture(PAIR), replace(PAIR, relation=relation))


def test_a_third_shape_fails():
    drawn = picture(PAIR).copy()
    drawn[5:15, 5:15] = COLOURS["green"]
    assert faults(drawn, PAIR)


def test_two_colours_in_one_shape_fail():
    drawn = picture(SINGLE).copy()
    left = drawn[:, :64]
    left[(left == COLOURS["red"]).all(axis=-1)] = COLOURS["purple"]
    assert faults(drawn, SINGLE)


def test_noise_and_blanks_fail():
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for drawn in (noise, np.full_like(noise, 255)):
        assert faults(drawn, SINGLE) and faults(drawn, PAIR)


def test_held_out_scenes_are_apart_from_the_training_set():
    rng = random.Random(3)
    names = lambda scene: (scene.background if len(scene.items) == 1 else "", *((i.shape, i.colour) for i in scene.items))
    train = {names(random_scene(rng)) for _ in range(2000)}
    assert not train & {names(random_scene(rng, held_out=True)) for _ in range(500)}

"""The latents that the bundled model is trained on are the drawn pictures, averaged over blocks."""

import random

import torch
from latents import BLOCK, latents, pictures

from shapes.scene import random_scene


def test_latents_are_block_averages_of_the_picture_and_its_ink():
    rng = random.Random(5)
    scenes = [random_scene(rng) for _ in range(100)]
    averages = torch.nn.functional.avg_pool2d(pictures(scenes), BLOCK)
    ours = latents(scenes)
    rounding = 1 / 255  # a drawn pixel is rounded to 8 bits
    assert (ours[:, :3] - averages).abs().max() <= rounding
    assert ours.min() >= -1 and ours.max() <= 1


def test_ink_is_one_inside_a_shape_and_nothing_outside():
    rng = random.Random(6)
    scenes = [random_scene(rng, items=2) for _ in range(20)]
    for scene, ink in zip(scenes, latents(scenes)[:, 3]):
        assert ink[0, 0] == -1
        assert ink.max() == 1
        area = ((ink + 1) / 2).sum() * BLOCK**2
        boxes = sum((2 * item.radius) ** 2 for item in scene.items)
        assert 0.2 * boxes < area <= boxes, scene

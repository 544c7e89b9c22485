"""Draws a scene with anti-aliased edges."""

import numpy as np
from PIL import Image, ImageDraw

from .outline import outline
from .palette import COLOURS
from .scene import SIDE

_OVERSAMPLING = 4


def coverage(item, side=SIDE):
    """How much of each pixel the item covers: uint8 [side, side], 255 is all of it."""
    large = Image.new("L", (side * _OVERSAMPLING, side * _OVERSAMPLING), 0)
    draw = ImageDraw.Draw(large)
    for polygon, ink in outline(item.shape):
        points = (polygon * item.radius + (item.x, item.y)) * _OVERSAMPLING - 0.5
        draw.polygon([tuple(point) for point in points], fill=255 * ink)
    return np.asarray(large.reduce(_OVERSAMPLING))


def render(scene):
    """The picture of a scene: uint8 [SIDE, SIDE, 3]."""
    picture = Image.new("RGB", (SIDE, SIDE), COLOURS[scene.background])
    for item in scene.items:
        picture.paste(COLOURS[item.colour], mask=Image.fromarray(coverage(item)))
    return np.asarray(picture)

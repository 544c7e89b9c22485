"""A scene: one or two shapes on a flat background, and how to draw one at random."""

import math
from dataclasses import dataclass

from .outline import SHAPES
from .palette import COLOURS
from .split import is_held_out

SIDE = 128
RELATIONS = ("above", "below", "left", "right")
# Middles of shapes lie on a grid of so many pixels: a model that sees pictures by blocks (latents.py) then has the same
# outline to learn wherever a shape is.
GRID = 4
# Where a scene may be in more than one place, the places lie so far apart: a denoiser that has not yet settled on one of
# two close places draws an outline that wavers between them.
STRAY = 2 * GRID
# Half the longer side of a shape, in pixels, for each size word; None is "no size named". The small ones are the same
# alone and in a pair, so that their outlines, the hardest to learn, are seen often.
SINGLE_RADIUS = {"small": 16, None: 30, "large": 46}
PAIR_RADIUS = {"small": 16, None: 20, "large": 25}
_LEAST_GAP = 6  # between two shapes
# Where a place name puts a shape, in units of the offset from the middle.
PLACES = {
    "top": (0, -1), "bottom": (0, 1), "left": (-1, 0), "right": (1, 0), "top left": (-1, -1), "top right": (1, -1),
    "bottom left": (-1, 1), "bottom right": (1, 1), "center": (0, 0),
}


@dataclass(frozen=True)
class Item:
    shape: str
    colour: str
    size: str | None = None  # "small", "large" or unnamed
    x: float = SIDE / 2
    y: float = SIDE / 2
    radius: float = 30.0


@dataclass(frozen=True)
class Scene:
    items: tuple[Item, ...]
    background: str
    relation: str | None = None  # where items[0] lies, seen from items[1]
    place: str | None = None  # of a single item

    @property
    def held_out(self):
        """True where this combination belongs to the test set and must not be trained on."""
        if len(self.items) == 1:
            return is_held_out(self.items[0].shape, self.items[0].colour, self.background)
        first, second = self.items
        return is_held_out(first.shape, first.colour, second.shape, second.colour)


def _single(rng):
    colour, background = rng.sample(list(COLOURS), 2)
    size = rng.choice((None, None, "small", "large"))
    place = rng.choice(list(PLACES)) if size != "large" and rng.random() < 0.45 else None
    radius = SINGLE_RADIUS[size]
    far = min((SIDE / 2 - radius - 3) // GRID * GRID, 32)  # keeps the whole shape inside the picture
    if place:
        x, y = (SIDE / 2 + side * rng.choice((far - STRAY, far)) for side in PLACES[place])
    else:
        stray = 0 if size == "large" else STRAY  # a large one fills the picture
        x, y = (SIDE / 2 + rng.choice((-stray, 0, stray)) for _ in range(2))
    return Scene((Item(rng.choice(SHAPES), colour, size, x, y, radius),), background, place=place)


def _pair(rng):
    background = rng.choice(list(COLOURS))
    colours = [colour for colour in COLOURS if colour != background]
    sizes = rng.choice(((None, None), (None, None), (None, None), ("small", "large"), ("large", "small"),
                        ("small", "small"), ("large", "large"), ("small", None), (None, "large")))
    relation = rng.choice(RELATIONS)
    radii = [PAIR_RADIUS[size] for size in sizes]
    apart = math.ceil((sum(radii) + _LEAST_GAP) / GRID) * GRID
    first, second = (0, 1) if relation in ("above", "left") else (1, 0)
    along = [0.0, 0.0]
    along[first] = round((SIDE / 2 + (radii[first] - radii[second] - apart) / 2) / GRID) * GRID
    along[second] = along[first] + apart
    across = SIDE / 2 + rng.choice((-STRAY, 0, STRAY))
    items = []
    for index in (0, 1):
        x, y = (across, along[index]) if relation in ("above", "below") else (along[index], across)
        items.append(Item(rng.choice(SHAPES), rng.choice(colours), sizes[index], x, y, radii[index]))
    return Scene(tuple(items), background, relation=relation)


def random_scene(rng, held_out=False, items=None):
    """A random scene of the training set, or of the test set. `rng` is a random.Random; `items` asks for 1 or 2."""
    while True:
        count = items or (1 if rng.random() < 0.4 else 2)
        scene = _single(rng) if count == 1 else _pair(rng)
        if scene.held_out == held_out:
            return scene

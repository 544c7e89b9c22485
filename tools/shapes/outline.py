"""The outline of every shape, as polygons that fill the box [-1, 1] x [-1, 1] (y points down).

An outline is a list of (polygon, ink) pairs drawn in order; ink 0 cuts a hole.
"""

import functools

import numpy as np

SHAPES = ("circle", "square", "triangle", "diamond", "star", "cross", "heart", "ring", "crescent")


def _ellipse(radius=1.0, centre=(0.0, 0.0), points=72):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + np.asarray(centre)


def _star():
    angle = -np.pi / 2 + np.arange(10) * np.pi / 5
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.5)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]


def _cross(arm=0.34):
    return np.array([(-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm), (arm, 1), (-arm, 1),
                     (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm)], dtype=float)


def _heart():
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([16 * np.sin(t) ** 3, y], axis=1)


def _crescent():
    """A disc less a second disc to its right; both arcs meet in two sharp tips."""
    tip = np.deg2rad(40)
    outer = np.linspace(tip, 2 * np.pi - tip, 60)
    bite_centre, x_tip, y_tip = 0.62, np.cos(tip), np.sin(tip)
    bite_radius = np.hypot(x_tip - bite_centre, y_tip)
    bite = np.arctan2(y_tip, x_tip - bite_centre)
    inner = np.linspace(2 * np.pi - bite, bite, 60)
    return np.concatenate([
        np.stack([np.cos(outer), np.sin(outer)], axis=1),
        np.stack([np.cos(inner) * bite_radius + bite_centre, np.sin(inner) * bite_radius], axis=1),
    ])


def _fit(polygon):
    """Centres the polygon's box on the origin and scales its longer side to 2."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    return (polygon - (low + high) / 2) / ((high - low).max() / 2)


@functools.lru_cache(maxsize=None)
def outline(shape):
    """The polygons of `shape`. Raises KeyError for a name that is not in SHAPES."""
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=float)
    return {
        "circle": lambda: [(_ellipse(), 1)],
        "square": lambda: [(square, 1)],
        "triangle": lambda: [(_fit(np.array([(-1, 0.866), (1, 0.866), (0, -0.866)])), 1)],
        "diamond": lambda: [(_fit(np.array([(0, -1), (0.8, 0), (0, 1), (-0.8, 0)])), 1)],
        "star": lambda: [(_fit(_star()), 1)],
        "cross": lambda: [(_cross(), 1)],
        "heart": lambda: [(_fit(_heart()), 1)],
        "ring": lambda: [(_ellipse(), 1), (_ellipse(0.52), 0)],
        "crescent": lambda: [(_fit(_crescent()), 1)],
    }[shape]()

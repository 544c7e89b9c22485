"""Judges a picture against a scene by pixel geometry and colour alone.

A picture is right where its background, and the number, shape, colour, size, place and relation of its shapes are what
the scene says. Nothing here knows of a model; outlines are compared as silhouettes scaled to one box.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from .outline import SHAPES, outline
from .palette import COLOURS
from .scene import PLACES

_NAMES = tuple(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], dtype=float)
_COLOUR_TOLERANCE = 75.0  # RGB distance from a palette colour; no two of them are closer than 1.2 times this
_UNIFORM = 0.9  # least share of a shape's inner pixels, and of the background's, that must have its colour
_LEAST_DIFFERENCE = 45.0  # RGB distance from the background at which a pixel may belong to a shape
_SPECK = 12  # pixels; a smaller blot is passed over, a larger one counts as a shape
_GRID = 64
_LEAST_OVERLAP = 0.80  # intersection over union with the silhouette of the named shape
# Half the longer side in pixels: "small" is at most the first, "large" at least the second; for one shape and for two.
_SIZE_LIMITS = {1: (23.0, 39.0), 2: (17.5, 22.5)}


@dataclass(frozen=True)
class Blob:
    """One connected shape found in a picture."""

    shape: str
    overlap: float
    colour: str | None
    radius: float
    x: float
    y: float


def _nearest(pixels):
    """(index of the nearest palette colour, distance to it) of RGB pixels [..., 3]."""
    distance = np.linalg.norm(pixels[..., None, :] - _PALETTE, axis=-1)
    return distance.argmin(axis=-1), distance.min(axis=-1)


def _colour_of(pixels):
    """The palette name that nearly all pixels [N, 3] share, or None."""
    index, distance = _nearest(pixels)
    votes = np.bincount(index[distance < _COLOUR_TOLERANCE], minlength=len(_NAMES))
    return _NAMES[votes.argmax()] if votes.max() >= _UNIFORM * len(pixels) else None


def _silhouette(shape):
    """The outline of a shape as bool [GRID, GRID] whose sides are those of the outline's box."""
    scale = 4
    image = Image.new("L", (_GRID * scale, _GRID * scale), 0)
    draw = ImageDraw.Draw(image)
    points = np.concatenate([polygon for polygon, _ in outline(shape)])
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    for polygon, ink in outline(shape):
        fitted = (polygon - low) / span * _GRID * scale - 0.5
        draw.polygon([tuple(point) for point in fitted], fill=255 * ink)
    return np.asarray(image.reduce(scale)) > 127, span[0] / span[1]


_SILHOUETTES = {shape: _silhouette(shape) for shape in SHAPES}


def _classify(coverage, box_height, box_width):
    """(shape, overlap): the named silhouette that a blob's cover [H, W] in 0..1, cut to its box, agrees with best."""
    cut = Image.fromarray((coverage * 255).astype(np.uint8)).resize((_GRID, _GRID), Image.Resampling.BILINEAR)
    blob = np.asarray(cut) > 127
    scores = {}
    for shape, (silhouette, aspect) in _SILHOUETTES.items():
        overlap = (blob & silhouette).sum() / (blob | silhouette).sum()
        stretch = (box_width / box_height) / aspect
        scores[shape] = overlap * min(stretch, 1 / stretch) ** 0.5  # a squashed shape is less of that shape
    best = max(scores, key=scores.get)
    return best, scores[best]


def _blob(picture, background, region):
    """Measures the blob that lies in the bool mask `region`."""
    inner = ndimage.binary_erosion(region, iterations=2)
    pixels = picture[inner if inner.sum() >= 8 else region]
    colour, typical = _colour_of(pixels), np.median(pixels, axis=0)
    # How far each pixel is from the background on the way to the shape's own colour: its cover, edges included.
    way = typical - background
    cover = np.clip((picture - background) @ way / max(way @ way, 1.0), 0, 1)
    cover = cover * ndimage.binary_dilation(region, iterations=2)
    rows, columns = np.where(cover.max(axis=1) > 0.5)[0], np.where(cover.max(axis=0) > 0.5)[0]
    if not len(rows) or not len(columns):
        return Blob("none", 0.0, colour, 0.0, 0.0, 0.0)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    shape, overlap = _classify(cover[top:bottom, left:right], bottom - top, right - left)
    return Blob(shape, overlap, colour, max(bottom - top, right - left) / 2, (left + right) / 2, (top + bottom) / 2)


def find(picture):
    """(background's colour name or None, the blobs of a picture uint8 [H, W, 3])."""
    picture = np.asarray(picture, dtype=float)
    border = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3), picture[:, :2].reshape(-1, 3),
                             picture[:, -2:].reshape(-1, 3)])
    background = np.median(border, axis=0)
    different = np.linalg.norm(picture - background, axis=-1) > _LEAST_DIFFERENCE
    regions, count = ndimage.label(different, structure=np.ones((3, 3)))
    masks = [regions == index for index in range(1, count + 1)]
    blobs = [_blob(picture, background, mask) for mask in masks if mask.sum() >= _SPECK]
    rest = picture[~ndimage.binary_dilation(different, iterations=2)]
    return _colour_of(rest) if len(rest) else None, blobs


def _size_fault(item, blob, count):
    small, large = _SIZE_LIMITS[count]
    if (item.size == "small" and blob.radius > small) or (item.size == "large" and blob.radius < large):
        return [f"{item.shape} is not {item.size}: half its side is {blob.radius:.1f} pixels"]
    return []


def _item_faults(item, blob, count):
    faults = []
    if blob.shape != item.shape or blob.overlap < _LEAST_OVERLAP:
        faults.append(f"expected a {item.shape}, got {blob.shape} (overlap {blob.overlap:.2f})")
    if blob.colour != item.colour:
        faults.append(f"expected {item.colour}, got {blob.colour}")
    return faults + _size_fault(item, blob, count)


def _relation_holds(relation, first, second):
    dx, dy = second.x - first.x, second.y - first.y
    return {"above": dy > abs(dx), "below": -dy > abs(dx), "left": dx > abs(dy), "right": -dx > abs(dy)}[relation]


def _place_holds(place, blob, height, width, slack=12.0):
    """Off the middle by more than the slack where a side is named, within it where none is."""
    wanted = PLACES[place]
    actual = (blob.x - width / 2, blob.y - height / 2)
    return all(offset * side > slack if side else abs(offset) < slack for side, offset in zip(wanted, actual))


def faults(picture, scene):
    """What is wrong in a picture uint8 [H, W, 3] of `scene`; nothing where it is right."""
    background, blobs = find(picture)
    found = [] if background == scene.background else [f"expected background {scene.background}, got {background}"]
    if len(blobs) != len(scene.items):
        return found + [f"expected {len(scene.items)} shapes, got {len(blobs)}"]
    if scene.relation:
        # The relation says which blob is which, so a picture with the two exchanged has wrong shapes or colours.
        blobs = next((order for order in (blobs, blobs[::-1]) if _relation_holds(scene.relation, *order)), None)
        if blobs is None:
            return found + [f"the first shape is not {scene.relation} the second"]
    for item, blob in zip(scene.items, blobs):
        found += _item_faults(item, blob, len(blobs))
    if scene.place and not _place_holds(scene.place, blobs[0], *np.shape(picture)[:2]):
        found.append(f"expected at {scene.place}, got ({blobs[0].x:.0f}, {blobs[0].y:.0f})")
    return found

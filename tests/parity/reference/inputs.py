"""Input pictures and masks, drawn from their names."""

import numpy
from PIL import Image


def picture(name: str, width: int, height: int) -> Image.Image:
    """RGB. "blobs": soft colours with an edge; "noise": every pixel on its own."""
    rng = numpy.random.default_rng(len(name))
    if name == "noise":
        return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=numpy.uint8))
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=numpy.uint8))
    soft = numpy.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
    soft[height // 3 : height // 2, width // 4 : width // 2] = (240, 30, 60)
    return Image.fromarray(soft)


def mask(name: str, width: int, height: int) -> Image.Image:
    """8-bit grey; white is repainted. "black", "white", "box" (an off-centre box), "ramp" (greys across)."""
    values = numpy.zeros((height, width), dtype=numpy.uint8)
    if name == "white":
        values[:] = 255
    elif name == "box":
        values[height // 5 : height * 3 // 4, width // 3 :] = 255
    elif name == "ramp":
        values[:] = numpy.linspace(0, 255, width).astype(numpy.uint8)
    return Image.fromarray(values, mode="L")

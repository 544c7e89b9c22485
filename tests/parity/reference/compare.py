"""When two pictures or tensors are the same."""

import numpy

LARGEST, MEAN = 2, 0.1  # of 255


def difference(ours: numpy.ndarray, reference: numpy.ndarray) -> tuple[int, float]:
    """Largest and mean difference of two [H, W, 3] uint8 pictures of one size."""
    distance = numpy.abs(ours.astype(int) - reference.astype(int))
    return int(distance.max()), float(distance.mean())


def psnr(one: numpy.ndarray, other: numpy.ndarray) -> float:
    """dB between two [H, W, 3] uint8 pictures; infinite where they are equal."""
    error = numpy.square(one.astype(float) - other.astype(float)).mean()
    return 10 * numpy.log10(255**2 / error) if error else float("inf")


def assert_same_picture(ours: numpy.ndarray, reference: numpy.ndarray, what: str = "") -> None:
    assert ours.shape == reference.shape, f"{what} size: expected {reference.shape}, got {ours.shape}"
    largest, mean = difference(ours, reference)
    distance = numpy.abs(ours.astype(int) - reference.astype(int))
    y, x, channel = numpy.unravel_index(distance.argmax(), distance.shape)
    assert largest <= LARGEST and mean <= MEAN, (
        f"{what} expected a largest difference of at most {LARGEST} and a mean of at most {MEAN}, got {largest} and "
        f"{mean:.3f}; at x {x}, y {y}, channel {channel}: expected {reference[y, x, channel]}, got {ours[y, x, channel]}")


def assert_telling(picture: numpy.ndarray) -> None:
    """A picture on which a difference of 2 means something: contrast, and values that clamping leaves alone."""
    spread, clamped = picture.std(), ((picture == 0) | (picture == 255)).mean()
    assert spread > 25, f"expected a picture with contrast, got a standard deviation of {spread:.1f}"
    assert clamped < 0.15, f"expected a picture within 0..255, got {clamped:.0%} of its values at the ends"


def relative_error(got, expected) -> float:
    """Norm of the difference of two tensors of one shape over that of the expected one."""
    assert got.shape == expected.shape, f"expected {tuple(expected.shape)}, got {tuple(got.shape)}"
    return ((got - expected).norm() / expected.norm()).item()

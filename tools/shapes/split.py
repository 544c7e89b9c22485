"""Which combinations are kept for testing: a hash of the names alone, so that trainer and checker cannot disagree."""

import hashlib

HELD_OUT_PERCENT = 12


def is_held_out(*names):
    """True for (shape, colour, background) or (shape, colour, shape, colour) combinations that training never sees."""
    digest = hashlib.sha256("|".join(names).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HELD_OUT_PERCENT

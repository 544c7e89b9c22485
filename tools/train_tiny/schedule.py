"""Shares of the learning rate: a linear warm-up, flat for a while, then a cosine down to nothing at the last step."""

import math


def rate_shares(steps, warmup=100, flat=0.0):
    """One for each of `steps`; the cosine begins after the part `flat` of them."""
    first = max(warmup, flat * steps)

    def rate(step):
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * max(0, step - first) / max(1, steps - first)))

    return [rate(step) for step in range(steps)]

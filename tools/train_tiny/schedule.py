"""Learning rate: linear warm-up, flat for a while, then a cosine down to nothing at the last step."""

import math


def learning_rate(step, steps, peak, warmup=100, flat=0.0):
    """Of one step of `steps`; the cosine begins after the share `flat` of them."""
    if step < warmup:
        return peak * (step + 1) / warmup
    first = max(warmup, flat * steps)
    return peak * 0.5 * (1 + math.cos(math.pi * max(0, step - first) / max(1, steps - first)))


def set_learning_rate(optimizer, value):
    for group in optimizer.param_groups:
        group["lr"] = value

"""Learning rate: linear warm-up, then a cosine down to nothing at the last step."""

import math


def learning_rate(step, steps, peak, warmup=100):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def set_learning_rate(optimizer, value):
    for group in optimizer.param_groups:
        group["lr"] = value

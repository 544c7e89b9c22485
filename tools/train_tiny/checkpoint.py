"""Checkpoints that survive a kill at any moment: written aside, then renamed."""

import os

import torch


def save(path, **state):
    """Writes `state` to `path`; a reader sees the old file or the new one, never a part."""
    partial = f"{path}.partial"
    torch.save(state, partial)
    os.replace(partial, path)


def load(path):
    """What `save` wrote, or None where there is nothing yet."""
    return torch.load(path, weights_only=True, map_location="cpu") if os.path.exists(path) else None

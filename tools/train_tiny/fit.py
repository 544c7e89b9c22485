"""The loop that every stage trains with."""

import time

import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

import checkpoint
import configs

_CHECKPOINT_SECONDS = 30
_SHOWN_EVERY = 20  # steps; to look at a loss more often would hold up a GPU


def mixed_precision(device):
    """bfloat16 for what lies within it, where the device multiplies in it; a CPU that does not is slower so than in float32."""
    multiplies = device.type != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast(device.type, torch.bfloat16, enabled=multiplies, cache_enabled=False)


class _Batches(Dataset):
    def __init__(self, make, steps):
        self._make, self._steps = make, steps

    def __len__(self):
        return len(self._steps)

    def __getitem__(self, index):
        return self._make(self._steps[index])


def fit(name, path, parts, optimizers, rates, batch, loss, device, workers, after=None, shows="loss"):
    """Trains `parts` (name -> module) in place, one step for each of `rates`: shares of the learning rates that the
    optimizers were made with.

    batch(step) gives tensors, made in `workers` processes; loss(*tensors on the device) gives the loss and the value to
    show, which `shows` names; after(step) runs behind the optimizer. Goes on from the checkpoint at `path` where there is one.
    """
    peaks = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    first = 0
    if saved := checkpoint.load(path):
        for key, part in parts.items():
            part.load_state_dict(saved[key])
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)
        first = saved["step"]
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    trained = [parameter for group in groups for parameter in group["params"]]
    batches = DataLoader(_Batches(batch, range(first, len(rates))), batch_size=None, num_workers=workers,
                         pin_memory=device.type == "cuda", prefetch_factor=4 if workers else None)
    smooth, written = None, time.monotonic()
    progress = tqdm(batches, initial=first, total=len(rates), desc=name, mininterval=5)
    for step, tensors in enumerate(progress, start=first):
        torch.manual_seed(configs.SEED + step)
        for group, peak in zip(groups, peaks):
            group["lr"] = peak * rates[step]
        value, shown = loss(*(tensor.to(device, non_blocking=True) for tensor in tensors))
        for optimizer in optimizers:
            optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        for optimizer in optimizers:
            optimizer.step()
        if after:
            after(step)
        smooth = shown.detach().clone() if smooth is None else smooth.lerp_(shown.detach(), 0.02)
        last = step + 1 == len(rates)
        if last or step % _SHOWN_EVERY == 0:
            progress.set_postfix({shows: f"{smooth.item():.4f}"}, refresh=False)
        if last or time.monotonic() - written > _CHECKPOINT_SECONDS:
            states = {key: part.state_dict() for key, part in parts.items()}
            checkpoint.save(path, **states, optimizers=[each.state_dict() for each in optimizers], step=step + 1)
            written = time.monotonic()

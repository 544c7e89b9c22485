"""The shortcuts as hooks in the reference's UNet. It computes everything, and what a shortcut leaves out is put back."""

import contextlib
import math


@contextlib.contextmanager
def shortcuts(pipeline, guidance_start: float, guidance_end: float, deep_cache_interval: int):
    """Guidance only in a share of the evaluations: elsewhere the negative prompt's answer is the prompt's. Deep features
    (the last layer's input without its skip) only of every `deep_cache_interval`th evaluation, or of the first that needs
    two halves where there is only one."""
    import torch

    unet = pipeline.unet
    calls, kept = [0], [None, 0]

    def guided():
        first, last = (math.floor(share * pipeline.num_timesteps + 0.5) for share in (guidance_start, guidance_end))
        return pipeline.do_classifier_free_guidance and first <= calls[0] < last

    def deep(_, arguments):
        state = arguments[0]
        size = state.shape[1] - unet.config.block_out_channels[0]
        halves = 2 if guided() else 1
        if calls[0] % deep_cache_interval == 0 or kept[1] < halves:
            kept[:] = state[:, :size], halves
            return None
        return (torch.cat([kept[0], state[:, size:]], 1), *arguments[1:])

    def answer(_, __, output):
        (values,) = output
        if pipeline.do_classifier_free_guidance and not guided():
            values = values.chunk(2)[1].repeat(2, 1, 1, 1)
        calls[0] += 1
        return (values,)

    hooks = [unet.up_blocks[-1].resnets[-1].register_forward_pre_hook(deep), unet.register_forward_hook(answer)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()

"""The shortcuts as hooks in the reference's UNet. It computes everything, and what a shortcut leaves out is put back."""

import contextlib
import math

from reference.token_merging import merging

SHORTCUTS = "guidance_start", "guidance_end", "cross_attention_end", "token_merging_ratio", "deep_cache_interval"


@contextlib.contextmanager
def shortcuts(pipeline, guidance_start: float = 0, guidance_end: float = 1, cross_attention_end: float = 1,
              token_merging_ratio: float = 0, deep_cache_interval: int = 1):  # fmt: skip
    """Guidance only in a share of the evaluations: elsewhere the negative prompt's answer is the prompt's. Cross-attentions
    give, after a share, the mean of what they last gave before. Self-attention over the most tokens merges a share of them. Deep features (the last layer's input without its skip)
    only of every `deep_cache_interval`th evaluation, or of the first that needs two halves where there is only one."""
    import torch

    unet = pipeline.unet
    calls, kept, given, layers = [0], [None, 0], {}, []

    def evaluation(share):
        return math.floor(share * pipeline.num_timesteps + 0.5)

    def frozen(call):
        return call >= max(1, evaluation(cross_attention_end))

    def guided():
        inside = evaluation(guidance_start) <= calls[0] < evaluation(guidance_end)
        return pipeline.do_classifier_free_guidance and inside and not frozen(calls[0])

    def cross(module, _, output):
        if frozen(calls[0]):
            return given[module].expand_as(output)
        halves = output if guided() else output.chunk(2)[-1]
        given[module] = halves.mean(0, keepdim=True)
        return None

    def size_of_latents(_, arguments, keywords):
        layers[:] = [tuple((arguments or tuple(keywords.values()))[0].shape[-2:])]

    def block(module, arguments, keywords):
        tokens = arguments[0]
        height, width = layers[0]
        scale = round((height * width / tokens.shape[1]) ** 0.5)
        most = layers[1] if len(layers) > 1 else tokens.shape[1]
        module.attn1.merging = None
        if tokens.shape[1] == most:
            seed = calls[0] + ((len(layers) - 1) << 32)
            module.attn1.merging = merging(tokens, -(-height // scale), -(-width // scale), token_merging_ratio, seed)
            layers.append(most)

    def merge(module, arguments, keywords):
        return ((module.merging[0](arguments[0]), *arguments[1:]), keywords) if module.merging else None

    def unmerge(module, _, output):
        return module.merging[1](output) if module.merging else None

    def deep(_, arguments):
        state = arguments[0]
        size = state.shape[1] - unet.config.block_out_channels[0]
        halves = 2 if guided() else 1
        freezes = frozen(calls[0] + 1) and not frozen(calls[0]) and calls[0] + 1 < pipeline.num_timesteps
        if calls[0] % deep_cache_interval == 0 or kept[1] < halves or freezes:
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
    hooks += [module.register_forward_hook(cross) for name, module in unet.named_modules() if name.endswith("attn2")]
    if token_merging_ratio > 0:
        hooks.append(unet.register_forward_pre_hook(size_of_latents, with_kwargs=True))
        for name, module in unet.named_modules():
            if name.endswith("attn1"):
                hooks += [module.register_forward_pre_hook(merge, with_kwargs=True), module.register_forward_hook(unmerge)]
            elif hasattr(module, "attn1"):
                hooks.append(module.register_forward_pre_hook(block, with_kwargs=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()

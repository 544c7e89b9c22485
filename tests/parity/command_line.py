"""A case of the reference as the command line's flags."""

from reference import inputs
from reference.cache import model_folder
from reference.pictures import Case


def arguments(case: Case, folder, device="cpu") -> list:
    """Input pictures are written to `folder`, and the picture will be."""
    flags = {
        "model": model_folder(case.model), "prompt": case.prompt, "negative-prompt": case.negative, "seed": case.seed,
        "steps": case.steps, "guidance-scale": case.guidance, "width": case.width, "height": case.height,
        "sampler": case.sampler, "schedule": case.schedule, "strength": case.strength, "device": device,
        "guidance-start": case.guidance_start, "guidance-end": case.guidance_end, "cross-attention-end": case.cross_attention_end,
        "token-merging-ratio": case.token_merging_ratio, "deep-cache-interval": case.deep_cache_interval,
        "output": folder / "picture.png",
    }
    if case.input_image:
        flags["input-image"] = folder / "input.png"
        inputs.picture(case.input_image, *case.input_size).save(flags["input-image"])
    if case.mask_image:
        flags["mask-image"] = folder / "mask.png"
        inputs.mask(case.mask_image, *case.mask_size).save(flags["mask-image"])
    return ["--json", *(f"--{name}={value}" for name, value in flags.items() if value is not None)]

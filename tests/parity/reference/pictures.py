"""One case, and the picture the reference gives for it."""

import contextlib
import dataclasses

from reference import inputs
from reference.samplers import make_scheduler
from reference.shortcuts import SHORTCUTS, shortcuts


@dataclasses.dataclass(frozen=True)
class Case:
    """One `generate`, in the command line's words. `model` names a folder; sizes of None take the default."""

    model: str
    prompt: str = "a red circle on a blue background"
    negative: str | None = None
    seed: int = 1234
    steps: int = 5
    guidance: float = 7.5
    width: int | None = None
    height: int | None = None
    sampler: str | None = None
    schedule: str | None = None
    input_image: str | None = None
    input_size: tuple[int, int] = (64, 64)
    strength: float | None = None
    mask_image: str | None = None
    mask_size: tuple[int, int] = (64, 64)
    guidance_start: float | None = None
    guidance_end: float | None = None
    cross_attention_end: float | None = None
    token_merging_ratio: float | None = None
    deep_cache_interval: int | None = None


def run(pipeline, case: Case, family, output_type: str = "np"):
    """Latents, or the picture as [H, W, 3] in 0..1. Errors are the reference's own."""
    import torch

    arguments = {
        "prompt": case.prompt, "negative_prompt": case.negative, "num_inference_steps": case.steps,
        "guidance_scale": case.guidance, "generator": torch.Generator("cpu").manual_seed(case.seed),
        "output_type": output_type,
    }
    kind = type(pipeline).__name__.replace("Inpaint", "").replace("Img2Img", "")
    if case.input_image:
        picture = inputs.picture(case.input_image, *case.input_size)
        if not case.mask_image and case.width and case.height:
            picture = picture.resize((case.width, case.height), inputs.Image.Resampling.LANCZOS)
        arguments |= {"image": picture, "strength": case.strength}
        kind = kind.replace("Pipeline", "InpaintPipeline" if case.mask_image else "Img2ImgPipeline")
    if case.mask_image:
        arguments["mask_image"] = inputs.mask(case.mask_image, *case.mask_size)
    if case.mask_image or not case.input_image:
        arguments |= {"width": case.width, "height": case.height}

    made = with_class(pipeline, kind, family)
    if case.sampler or case.schedule:
        made.scheduler = make_scheduler(made.scheduler, case.sampler, case.schedule)
    wanted = {name: getattr(case, name) for name in SHORTCUTS if getattr(case, name) is not None}
    with torch.no_grad(), shortcuts(made, **wanted) if wanted else contextlib.nullcontext():
        images = made(**arguments).images
    return images if output_type == "latent" else images[0]


def with_class(pipeline, kind: str, family):
    """The same components under another pipeline class, with the scheduler as a folder has it: the class may put it
    right, each in its own way."""
    import diffusers

    config = dict(family.scheduler)
    scheduler = getattr(diffusers, config.pop("_class_name")).from_config(config)
    parts = {**pipeline.components, "scheduler": scheduler}
    if "XL" in kind:
        parts |= {"force_zeros_for_empty_prompt": pipeline.config.force_zeros_for_empty_prompt}
        parts |= {"add_watermarker": False}
    else:
        parts |= {"requires_safety_checker": False}
    made = getattr(diffusers, kind)(**parts)
    made.set_progress_bar_config(disable=True)
    return made

"""The pictures that are held against the reference."""

from reference.families import FAMILIES
from reference.pictures import Case
from reference.samplers import SAMPLERS, SCHEDULES

LONG = "a red circle on the blue background above a small green square, " * 8 + "an old castle by night"
UNICODE = "ein Schloß über dem Fluß, 富士山 🏔️, e\u0301te\u0301 &amp; don't"


def own(name: str, **changes) -> Case:
    """The family as it is meant to be used: its own sampler, step count and guidance."""
    family = FAMILIES[name]
    inputs = {"input_image": "blobs", "mask_image": "box", "strength": 1.0, "input_size": (family.size,) * 2,
              "width": family.size, "height": family.size} if family.inpaints else {}
    return Case(name, **{"steps": family.steps, "guidance": family.guidance, **inputs, **changes})


def transform(name: str, strength: float, **changes) -> Case:
    return Case(name, **{"input_image": "blobs", "strength": strength, "steps": 6, **changes})


def inpaint(name: str, **changes) -> Case:
    size = FAMILIES[name].size
    return Case(name, **{"input_image": "blobs", "mask_image": "box", "strength": 1.0, "steps": 5, "width": size,
                         "height": size, "input_size": (size, size), **changes})


PLAIN = [name for name, family in FAMILIES.items() if not family.inpaints]
INPAINTING = [name for name, family in FAMILIES.items() if family.inpaints]

FAMILY_CASES = {name: own(name) for name in FAMILIES} | {
    "sd_turbo 4 steps": own("sd_turbo", steps=4),
    "sdxl_turbo 4 steps": own("sdxl_turbo", steps=4),
    "sdxl_turbo 2 steps, guided": own("sdxl_turbo", steps=2, guidance=2.0),
}

VARIANT_CASES = {model: Case(model, steps=3, guidance=5.0) for model in (
    "sd15+f16", "sd15+bf16", "sd15+fp16_names", "sd15+sharded", "sd15+text_model_prefix", "sd15+old_vae_names",
    "sd15+tokenizer_json", "sd21_v+tokenizer_json", "sdxl+f16", "sdxl+sharded", "sdxl+text_model_prefix",
    "sdxl+tokenizer_json")}

# test_samplers.py holds every sampler with every schedule at 1e-5; a picture shows that each name reaches it.
SAMPLER_CASES = [*(Case("sd15", sampler=sampler) for sampler in SAMPLERS),
                 *(Case("sd15", sampler="euler", schedule=schedule) for schedule in SCHEDULES)]

SCHEDULE_ONLY = [Case("sdxl", schedule=schedule, steps=4, guidance=5.0) for schedule in ("karras", "trailing", "beta")]
SAMPLERS_ELSEWHERE = [Case(model, sampler=sampler, steps=4) for model in ("sd21_v", "sdxl")
                      for sampler in ("ddim", "euler_a", "heun", "dpmpp_2m_sde", "unipc")] + [
    Case("sd15_dummy", sampler=sampler, steps=3) for sampler in ("ddpm", "pndm")]
STEP_COUNTS = {f"{sampler or 'own'} {steps}": Case("sd15", sampler=sampler, steps=steps)
               for sampler, steps in [(None, 1), (None, 2), ("heun", 1), ("dpm2_a", 2), ("dpmpp_2m", 3), ("dpmpp_2m", 25),
                                      ("ddim", 150), ("lcm", 50), ("pndm", 11)]}

SIZE_CASES = {f"{model} {width}x{height}": Case(model, width=width, height=height, steps=3)
              for model, width, height in [("sd15", 72, 104), ("sd15", 104, 72), ("sd15", 200, 64), ("sd21_base", 88, 120),
                                           ("sdxl", 72, 136), ("sdxl", 136, 88), ("sd15_dummy", 72, 104)]}
GUIDANCE_CASES = {f"{model} {scale}": Case(model, guidance=scale, steps=4)
                  for model in ("sd15", "sdxl") for scale in (0.0, 0.5, 1.0, 1.01, 7.5, 30.0)} | {
    f"sd15_lcm {scale}": Case("sd15_lcm", guidance=scale, steps=4) for scale in (0.0, 1.0, 2.0)}
PROMPT_CASES = {f"{model}: {what}": Case(model, prompt=prompt, negative=negative, steps=3, guidance=5.0)
                for model in ("sd15", "sd21_base", "sdxl") for what, prompt, negative in [
                    ("empty prompt", "", None), ("both empty", "", ""), ("negative", "an old castle", "ugly low quality"),
                    ("empty negative", "an old castle", ""), ("long prompt", LONG, None), ("long negative", "a dog", LONG),
                    ("other scripts", UNICODE, None)]}
SEED_CASES = {str(seed): Case("sd15", seed=seed, steps=2, sampler="euler_a")
              for seed in (0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)}

TRANSFORM_CASES = {f"{model} {strength}": transform(model, strength)
                   for model in ("sd15", "sd21_v", "sdxl", "sd15_dummy") for strength in (0.3, 0.5, 0.8, 1.0)} | {
    "sd_turbo 0.5 in 2 steps": transform("sd_turbo", 0.5, steps=2, guidance=0.0),
    "sdxl_turbo 0.5 in 2 steps": transform("sdxl_turbo", 0.5, steps=2, guidance=0.0),
    "sd15_lcm 0.5": transform("sd15_lcm", 0.5),
    "least strength": transform("sd15", 0.2, steps=5),
    "strength that floats round down": transform("sd15", 0.29, steps=100, sampler="ddim"),
    "odd input": transform("sd15", 0.5, input_size=(101, 77)),
    "odd input, XL": transform("sdxl", 0.5, input_size=(150, 131)),
    "input resized": transform("sd15", 0.5, input_size=(101, 77), width=72, height=104),
    "input resized, XL": transform("sdxl", 0.5, input_size=(300, 200), width=136, height=88),
    "noise": transform("sd15", 0.5, input_image="noise"),
    "unguided": transform("sd15", 0.5, guidance=1.0),
} | {f"{sampler} 0.6": transform("sd15", 0.6, sampler=sampler) for sampler in ("euler", "heun", "dpm2_a", "pndm", "unipc", "lcm")} | {
    f"karras {sampler}": transform("sd15", 0.6, sampler=sampler, schedule="karras") for sampler in ("euler", "dpmpp_2m_sde")}

INPAINT_CASES = {f"{name} {strength}": inpaint(name, strength=strength)
                 for name in (*INPAINTING, "sd15", "sd21_v", "sdxl") for strength in (0.6, 1.0)} | {
    f"{name} {mask} mask": inpaint(name, mask_image=mask)
    for name in ("sd15_inpaint", "sdxl_inpaint", "sd15", "sdxl") for mask in ("black", "white", "ramp")} | {
    "mask of another size": inpaint("sd15", mask_size=(90, 33)),
    "mask of another size, 9 channels": inpaint("sd15_inpaint", mask_size=(90, 33)),
    "input of another size": inpaint("sd15_inpaint", input_size=(131, 77), mask_size=(131, 77), width=72, height=88),
    "input of another size, XL": inpaint("sdxl", input_size=(131, 77), mask_size=(64, 64), width=136, height=88),
    "unguided": inpaint("sd15_inpaint", guidance=1.0),
    "strength 0.9999": inpaint("sdxl", strength=0.9999),
} | {f"4 channels, {sampler} 0.6": inpaint("sd15", sampler=sampler, strength=0.6)
     for sampler in ("euler", "dpm2_a", "dpmpp_2m_sde", "ddpm", "lcm")} | {
    f"9 channels, {sampler}": inpaint("sd15_inpaint", sampler=sampler) for sampler in ("euler_a", "heun", "dpmpp_2m")}

SHORTCUT_CASES = {
    "guidance in the middle": Case("sd15", steps=8, guidance_start=0.2, guidance_end=0.7),
    "guidance at first": Case("sdxl", steps=6, guidance_end=0.5),
    "no guidance at all": Case("sd15", steps=4, guidance_start=0.6, guidance_end=0.4),
    "a scale of 1": Case("sd15", steps=4, guidance=1.0, guidance_end=0.5, deep_cache_interval=2),
    **{f"{name}, every 3rd": Case(name, steps=7, deep_cache_interval=3) for name in ("sd15", "sd21_v", "sdxl")},
    "two evaluations a step": Case("sd15", steps=5, sampler="heun", deep_cache_interval=2, guidance_end=0.6),
    "both, guidance from the second on": Case("sd15", steps=9, deep_cache_interval=4, guidance_start=0.2, guidance_end=0.8),
    **{f"{name}, prompt in the first half": Case(name, steps=6, cross_attention_end=0.5) for name in ("sd15", "sd21_v", "sdxl")},
    "prompt in the first evaluation": Case("sd15", steps=4, cross_attention_end=0.0),
    "prompt and guidance end apart": Case("sd15", steps=8, guidance_end=0.25, cross_attention_end=0.5),
    "prompt and deep features": Case("sd15", steps=9, sampler="heun", deep_cache_interval=3, cross_attention_end=0.6),
    "prompt without guidance": Case("sd15", steps=4, guidance=1.0, cross_attention_end=0.5),
    **{f"{name}, half of the tokens": Case(name, steps=4, token_merging_ratio=0.5) for name in ("sd15", "sd21_v", "sdxl")},
    "three quarters of the tokens, sizes that are odd": Case("sd15", steps=4, width=88, height=72, token_merging_ratio=0.75),
    "tokens and prompt": Case("sd15", steps=6, token_merging_ratio=0.3, cross_attention_end=0.5),
    "image to image": transform("sd15", 0.5, steps=8, deep_cache_interval=2, guidance_end=0.5),
    "inpainting": inpaint("sd15_inpaint", deep_cache_interval=2, guidance_end=0.6),
}

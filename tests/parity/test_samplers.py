"""Every sampler, over every schedule, walks the path that diffusers' scheduler of that name walks."""

import contextlib
import functools
import json
import math
import os
import subprocess
import warnings
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from reference import samplers as reference
from reference.samplers import SAMPLERS

REPO = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("SD_WORKER_BUILD", REPO / "build")) / "tests" / "probe_sampler"
SHAPE = [1, 4, 4, 4]
SEED = 11

# Of the largest latent on the path. Both sides do the same float32 operations in the same order; what is left is the
# last bit of a logarithm, a power or an integral, carried through fifty steps.
TOLERANCE = 1e-5

SCHEDULES = {"": {}} | {name: reference.SCHEDULES[name] for name in
                         ("karras", "exponential", "beta", "trailing", "linspace", "leading")}
SD_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CONFIGS = {
    "sd15": {"_class_name": "PNDMScheduler", **SD_BETAS, "num_train_timesteps": 1000, "set_alpha_to_one": False,
             "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None, "clip_sample": False},
    "sd21_v": {"_class_name": "DDIMScheduler", **SD_BETAS, "prediction_type": "v_prediction", "steps_offset": 1,
               "set_alpha_to_one": False, "clip_sample": False},
    "sd_turbo": {"_class_name": "EulerDiscreteScheduler", **SD_BETAS, "timestep_spacing": "trailing",
                 "prediction_type": "epsilon", "steps_offset": 1, "sample_max_value": 1.0},
    "sdxl": {"_class_name": "EulerDiscreteScheduler", **SD_BETAS, "timestep_spacing": "leading", "steps_offset": 1,
             "interpolation_type": "linear", "use_karras_sigmas": False},
    "sdxl_turbo": {"_class_name": "EulerAncestralDiscreteScheduler", **SD_BETAS, "timestep_spacing": "trailing",
                   "steps_offset": 1},
    "lcm": {"_class_name": "LCMScheduler", **SD_BETAS, "original_inference_steps": 50, "timestep_scaling": 10.0,
            "set_alpha_to_one": False, "steps_offset": 1},
    "zero_snr_v": {"_class_name": "DDIMScheduler", **SD_BETAS, "prediction_type": "v_prediction",
                   "rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "clip_sample": False},
    "defaults": {"_class_name": "DDIMScheduler"},
    "cosine": {"_class_name": "DDPMScheduler", "beta_schedule": "squaredcos_cap_v2", "clip_sample": False},
    "few": {"_class_name": "DDIMScheduler", "num_train_timesteps": 60, "beta_end": 0.2,
            "trained_betas": [0.001 * (1 + i) for i in range(60)]},
}


class Probe:
    """One process for all cases, fed line by line."""

    def __init__(self):
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, **request):
        request = {"shape": SHAPE, "seed": SEED, **request}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the probe ended on {request}"
        answer = json.loads(line)
        raw = self.process.stdout.read(4 * answer.get("floats", 0))
        answer["latents"] = np.frombuffer(raw, dtype=np.float32).reshape(-1, math.prod(SHAPE))
        return answer


@pytest.fixture(scope="module")
def probe():
    if not PROBE.exists():
        pytest.skip(f"{PROBE} is not built")
    probe = Probe()
    yield probe
    probe.process.stdin.close()
    probe.process.wait(10)


def stand_in(sample, timestep):
    return 0.5 * torch.tanh(sample) + 0.1 * math.cos(timestep / 500) * sample


@functools.lru_cache(maxsize=64)  # to make one takes longer than to run it; `set_timesteps` begins anew
def make_reference(config_json, sampler, schedule):
    config = json.loads(config_json)
    own = getattr(diffusers, config["_class_name"]).from_config(config)
    if not sampler and not schedule:
        return own
    name, overrides = SAMPLERS[sampler] if sampler else (config["_class_name"], {})
    return getattr(diffusers, name).from_config(own.config, **overrides, **SCHEDULES[schedule])


def walk(scheduler, steps, strength, repaints=False):
    """What StableDiffusionPipeline does with its scheduler, or StableDiffusionImg2ImgPipeline where strength < 1."""
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.randn(SHAPE, generator=generator)
    original = torch.randn(SHAPE, generator=generator)
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps
    if strength < 1 or repaints:
        start = max(steps - min(int(steps * strength), steps), 0)
        timesteps = timesteps[start * scheduler.order:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(start * scheduler.order)
        if start == steps:
            raise ValueError("no step is left")  # as StableDiffusionInpaintPipeline says; the others fall over
    elif hasattr(scheduler, "set_begin_index") and (timesteps[:1] == timesteps[1:2]).all():
        # Where the first timestep comes twice, the reference begins at the second and then runs off the end.
        scheduler.set_begin_index(0)
    if strength < 1:
        latents = scheduler.add_noise(original, noise, timesteps[:1])
    else:
        latents = noise * scheduler.init_noise_sigma
    takes_generator = "generator" in scheduler.step.__code__.co_varnames[: scheduler.step.__code__.co_argcount]
    extra = {"generator": generator} if takes_generator else {}
    path = [latents]
    for i, t in enumerate(timesteps):
        output = stand_in(scheduler.scale_model_input(latents, t), float(t))
        latents = scheduler.step(output, t, latents, **extra, return_dict=False)[0]
        if repaints and i + 1 < len(timesteps):
            kept = scheduler.add_noise(original, noise, timesteps[i + 1].reshape(1))
            latents = 0.5 * kept + 0.5 * latents
        path.append(latents)
    return timesteps.double().numpy(), torch.stack(path).reshape(len(path), -1).float().numpy()


@contextlib.contextmanager
def quiet():
    level = diffusers.utils.logging.get_verbosity()
    diffusers.utils.logging.set_verbosity_error()
    with warnings.catch_warnings(), np.errstate(all="ignore"), torch.inference_mode():
        warnings.simplefilter("ignore")
        yield
    diffusers.utils.logging.set_verbosity(level)


def compare(probe, config, sampler, schedule, steps, strength=1.0, repaints=False):
    """None, or what is wrong."""
    case = f"{sampler or 'own'}/{schedule or 'own'} {steps} steps, strength {strength}"
    ours = probe(config=config, sampler=sampler, schedule=schedule, steps=steps, strength=strength, repaints=repaints)
    try:
        with quiet():
            scheduler = make_reference(json.dumps(config), sampler, schedule)
            timesteps, path = walk(scheduler, steps, strength, repaints)
    except (ValueError, IndexError, NotImplementedError, RuntimeError, UnboundLocalError, ZeroDivisionError) as error:
        if "error" in ours:
            return None
        return f"{case}: diffusers raises {error!r}, we give {len(ours['latents'])} latents"
    if "error" in ours:
        return f"{case}: {ours['error']}, but diffusers runs it" if np.isfinite(path).all() else None
    if not np.isfinite(path[-1]).all():
        return None  # diffusers makes no picture: see docs/reference-deviations.md
    if len(timesteps) != len(ours["timesteps"]):
        return f"{case}: expected timesteps {timesteps}, got {ours['timesteps']}"
    # Fractional timesteps come from logarithms whose last bits are the library's own.
    if not np.allclose(ours["timesteps"], timesteps, rtol=0, atol=2e-2):
        return f"{case}: expected timesteps {timesteps}, got {ours['timesteps']}"
    if ours["steps"] != ours["steps_done"][-1]:
        return f"{case}: {ours['steps']} steps announced, {ours['steps_done']} done"
    if not np.array_equal(np.isfinite(path), np.isfinite(ours["latents"])):
        return f"{case}: NaN or infinity on one side only"
    difference = np.nan_to_num(np.abs(ours["latents"].astype(np.float64) - path), nan=0, posinf=0).max()
    scale = np.abs(path[np.isfinite(path)]).max(initial=1e-30)
    if difference > TOLERANCE * scale:
        return f"{case}: off by {difference / scale:.2e} of the largest latent, allowed {TOLERANCE:.0e}"
    return None


def check(cases):
    wrong = [problem for problem in cases if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_schedule_of_a_sampler_gives_the_reference_path(probe, sampler):
    config = CONFIGS["sd15"]
    cases = [(1, 1.0), (2, 1.0), (3, 1.0), (7, 1.0), (20, 1.0), (20, 0.8), (20, 0.3), (50, 0.8)]
    check(compare(probe, config, sampler, schedule, steps, strength)
          for schedule in SCHEDULES for steps, strength in cases)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_sampler_runs_every_kind_of_model_as_the_reference_does(probe, name):
    check(compare(probe, CONFIGS[name], sampler, "", steps, strength)
          for sampler in ["", *SAMPLERS] for steps, strength in [(1, 1.0), (4, 1.0), (20, 1.0), (4, 0.5), (20, 0.3)])


@pytest.mark.parametrize("name", CONFIGS)
def test_a_models_own_sampler_takes_every_schedule(probe, name):
    check(compare(probe, CONFIGS[name], "", schedule, steps) for schedule in SCHEDULES for steps in (1, 5, 25))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_every_prediction_type_is_understood_or_refused_like_the_reference(probe, prediction):
    config = {**CONFIGS["sd15"], "prediction_type": prediction}
    check(compare(probe, config, sampler, schedule, 9)
          for sampler in SAMPLERS for schedule in ("", "karras", "trailing"))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_noise_is_added_in_the_middle_of_a_path_as_inpainting_does(probe, sampler):
    check(compare(probe, CONFIGS["sd15"], sampler, schedule, 8, strength, repaints=True)
          for schedule in ("", "karras") for strength in (1.0, 0.5))


DPM = {"_class_name": "DPMSolverMultistepScheduler", **SD_BETAS, "steps_offset": 1}
UNIPC = {"_class_name": "UniPCMultistepScheduler", **SD_BETAS}
EULER = {"_class_name": "EulerDiscreteScheduler", **SD_BETAS}
OWN = {
    "pndm with Runge-Kutta steps": {**CONFIGS["sd15"], "skip_prk_steps": False},
    "ddim thresholding": {"_class_name": "DDIMScheduler", "thresholding": True, "sample_max_value": 1.5},
    "ddim clips by default": {"_class_name": "DDIMScheduler", "clip_sample_range": 2.0},
    "ddim sample": {"_class_name": "DDIMScheduler", "prediction_type": "sample"},
    "ddpm fixed_small_log": {"_class_name": "DDPMScheduler", "variance_type": "fixed_small_log"},
    "ddpm fixed_large": {"_class_name": "DDPMScheduler", "variance_type": "fixed_large", "clip_sample": False},
    "ddpm sigmoid": {"_class_name": "DDPMScheduler", "beta_schedule": "sigmoid", "beta_start": 1e-4},
    "ddpm laplace": {"_class_name": "DDPMScheduler", "beta_schedule": "laplace"},
    "heun exp": {"_class_name": "HeunDiscreteScheduler", "beta_schedule": "exp"},
    "heun clips": {"_class_name": "HeunDiscreteScheduler", "clip_sample": True, "clip_sample_range": 3.0},
    "euler log_linear": {**EULER, "interpolation_type": "log_linear"},
    "euler sigma_min at the end": {**EULER, "final_sigmas_type": "sigma_min", "timestep_spacing": "leading"},
    "euler karras range": {**EULER, "use_karras_sigmas": True, "sigma_min": 0.1, "sigma_max": 10.0},
    "euler continuous": {**EULER, "timestep_type": "continuous", "prediction_type": "v_prediction",
                         "sigma_min": 0.002, "sigma_max": 700.0, "use_karras_sigmas": True},
    "euler zero snr": {**EULER, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction",
                       "timestep_spacing": "trailing"},
    "lms karras range": {"_class_name": "LMSDiscreteScheduler", **SD_BETAS, "use_karras_sigmas": True, "sigma_min": 0.1},
    "heun karras range": {"_class_name": "HeunDiscreteScheduler", **SD_BETAS, "use_karras_sigmas": True,
                          "sigma_max": 9},
    "lcm sample": {**CONFIGS["lcm"], "prediction_type": "sample", "clip_sample": True},
    "lcm fewer original steps": {**CONFIGS["lcm"], "original_inference_steps": 30, "thresholding": True},
    "unipc bh1": {**UNIPC, "solver_type": "bh1", "solver_order": 3},
    "unipc order 1": {**UNIPC, "solver_order": 1},
    "unipc order 3": {**UNIPC, "solver_order": 3, "final_sigmas_type": "sigma_min"},
    "unipc order 4": {**UNIPC, "solver_order": 4},
    "unipc noise": {**UNIPC, "predict_x0": False, "final_sigmas_type": "sigma_min", "lower_order_final": False},
    "unipc noise v": {**UNIPC, "predict_x0": False, "prediction_type": "v_prediction",
                      "final_sigmas_type": "sigma_min"},
    "unipc uncorrected": {**UNIPC, "disable_corrector": [0, 2], "use_karras_sigmas": True,
                          "final_sigmas_type": "sigma_min"},
    "unipc thresholding": {**UNIPC, "thresholding": True, "use_exponential_sigmas": True},
    "deis order 3": {"_class_name": "DEISMultistepScheduler", **SD_BETAS, "solver_order": 3},
    "deis order 1": {"_class_name": "DEISMultistepScheduler", **SD_BETAS, "solver_order": 1, "thresholding": True},
    "deis v": {"_class_name": "DEISMultistepScheduler", **SD_BETAS, "prediction_type": "v_prediction"},
    "dpm lu": {**DPM, "use_lu_lambdas": True},
    "dpm euler at final": {**DPM, "euler_at_final": True, "final_sigmas_type": "sigma_min"},
    "dpm no lower order": {**DPM, "lower_order_final": False, "final_sigmas_type": "sigma_min", "solver_order": 3},
    "dpm cosine": {**DPM, "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1},
    "dpm cosine karras": {**DPM, "beta_schedule": "squaredcos_cap_v2", "use_karras_sigmas": True},
    "dpm clipped trailing": {**DPM, "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1,
                             "timestep_spacing": "trailing"},
    "dpm thresholding": {**DPM, "thresholding": True, "algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
    "dpm from deis": {**DPM, "algorithm_type": "deis"},
    "dpm solver alone": {**DPM, "algorithm_type": "dpmsolver"},
    "two schedules at once": {**DPM, "use_karras_sigmas": True, "use_beta_sigmas": True},
    **{f"dpm {algorithm} {solver} {order} {final}": {
        **DPM, "algorithm_type": algorithm, "solver_type": solver, "solver_order": order, "final_sigmas_type": final}
       for algorithm, final in (("dpmsolver++", "zero"), ("dpmsolver", "sigma_min"), ("sde-dpmsolver++", "zero"),
                                ("sde-dpmsolver", "sigma_min"))
       for solver in ("midpoint", "heun") for order in (1, 2, 3) if (algorithm, order) != ("sde-dpmsolver", 3)},
}


@pytest.mark.parametrize("name", OWN)
def test_a_models_own_configuration_is_followed(probe, name):
    check(compare(probe, OWN[name], "", "", steps, strength) for steps, strength in [(6, 1.0), (20, 1.0), (20, 0.6)])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_step_counts_that_do_not_divide_the_training_steps_end_like_the_reference(probe, sampler):
    # With 61 steps, "trailing" makes 62 timesteps, the last of them -1.
    check(compare(probe, CONFIGS["sd15"], sampler, "trailing", steps) for steps in (61, 49))


@pytest.mark.parametrize("pipeline", ["text", "inpaint"])
@pytest.mark.parametrize("name,fields", [
    ("DDIMScheduler", {}), ("DDIMScheduler", {"clip_sample": True, "steps_offset": 0}), ("DDPMScheduler", {}),
    ("PNDMScheduler", {}), ("PNDMScheduler", {"skip_prk_steps": False, "clip_sample": True}),
    ("EulerDiscreteScheduler", {"timestep_spacing": "leading"})])
def test_outdated_configurations_are_corrected_as_the_pipelines_of_diffusers_do(probe, pipeline, name, fields):
    config = {"_class_name": name, **SD_BETAS, **fields}
    kind = diffusers.StableDiffusionInpaintPipeline if pipeline == "inpaint" else diffusers.StableDiffusionPipeline
    with quiet():
        own = getattr(diffusers, name).from_config(config)
        with contextlib.suppress(Exception):  # it corrects the scheduler first, and then misses the other parts
            kind(None, None, None, None, own, None, None, requires_safety_checker=False)
    for sampler in ("", "ddim", "ddpm", "euler"):
        with quiet():
            scheduler = own
            if sampler:
                scheduler = getattr(diffusers, SAMPLERS[sampler][0]).from_config(own.config)
            timesteps, path = walk(scheduler, 7, 1.0)
        ours = probe(config=config, sampler=sampler, schedule="", steps=7, strength=1.0, pipeline=pipeline)
        assert ours["timesteps"] == timesteps.tolist(), (sampler, ours)
        np.testing.assert_allclose(ours["latents"], path, rtol=0, atol=TOLERANCE * np.abs(path).max())


@pytest.mark.parametrize("request_fields,param", [
    ({"sampler": "euler", "steps": 0}, "steps"),
    ({"sampler": "euler", "steps": 1001}, "steps"),
    ({"sampler": "lcm", "steps": 51}, "steps"),
    ({"sampler": "ddim", "strength": 0.01}, "strength"),
    ({"sampler": "pndm", "strength": 0.0}, "strength"),
    ({"sampler": "heun", "strength": 1.5}, "strength"),
    ({"sampler": "warp"}, "sampler"),
    ({"sampler": "euler", "schedule": "warp"}, "schedule"),
])
def test_what_cannot_work_is_refused_with_the_name_of_the_field(probe, request_fields, param):
    request = {"config": CONFIGS["sd15"], "schedule": "", "steps": 20, "strength": 1.0, **request_fields}
    answer = probe(**request)
    assert answer.get("param") == param, answer

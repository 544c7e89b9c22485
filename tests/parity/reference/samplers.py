"""What each sampler and schedule name of the command line means in the reference."""

SAMPLERS = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpm2_a": ("KDPM2AncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
SCHEDULES = {
    "karras": {"use_karras_sigmas": True},
    "exponential": {"timestep_spacing": "linspace", "use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
    "trailing": {"timestep_spacing": "trailing"},
    "sgm_uniform": {"timestep_spacing": "trailing"},
    "simple": {"timestep_spacing": "trailing"},
    "linspace": {"timestep_spacing": "linspace"},
    "normal": {"timestep_spacing": "linspace"},
    "leading": {"timestep_spacing": "leading"},
}


def make_scheduler(own, sampler: str | None, schedule: str | None):
    """`own` is the pipeline's scheduler; a name that is None keeps the model's own."""
    import diffusers

    kind = getattr(diffusers, SAMPLERS[sampler][0]) if sampler else type(own)
    overrides = dict(SAMPLERS[sampler][1]) if sampler else {}
    if schedule:  # a class that does not know a field takes no notice of it
        overrides |= SCHEDULES[schedule]
    return kind.from_config(own.config, **overrides)

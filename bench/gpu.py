"""Times sd-worker against diffusers on a CUDA GPU, in 16 bits: a whole image of Stable Diffusion 1.5 and of XL, in turn.

    python bench/gpu.py FOLDER:SIZE:STEPS ... [--rounds 2] [--device cuda]

Each run is a process of its own; what it times comes after one image that warms up (compiling, for the compiled peer).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from page import bench, cpu_name, duration

PROMPT = "a red circle on a blue background"
PROGRAMS = ("sd-worker exact", "sd-worker fast", "diffusers f16", "diffusers f16, compiled")


def time_sd_worker(model, size, steps, device, precision):
    measured = bench(model, "--device", device, precision=precision, size=size, steps=steps, threads=1)
    step, decode = measured["median_step_ms"] / 1e3, measured["decode_ms"] / 1e3
    return {"step": step, "decode": decode}


def time_diffusers(model, size, steps, device, compiled):
    """Runs in a process of its own."""
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(model, torch_dtype=torch.float16 if device != "cpu" else torch.float32).to(device)
    pipeline.set_progress_bar_config(disable=True)
    if compiled:
        pipeline.unet = torch.compile(pipeline.unet)
        pipeline.vae.decoder = torch.compile(pipeline.vae.decoder)

    def now():
        if device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter()

    def stamp(times):
        def callback(pipe, step, timestep, values):
            times.append(now())
            return values

        return callback

    for _ in range(2):  # the first one warms up
        times = []
        latents = pipeline(PROMPT, num_inference_steps=steps, guidance_scale=7.5, width=size, height=size, output_type="latent",
                           generator=torch.Generator().manual_seed(1), callback_on_step_end=stamp(times)).images
        begin = now()
        with torch.inference_mode():
            pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor)
        decode = now() - begin
    return {"step": statistics.median(after - before for before, after in zip(times, times[1:])), "decode": decode}


def measure(program, model, size, steps, device):
    if program.startswith("sd-worker"):
        return time_sd_worker(model, size, steps, device, program.split()[1])
    command = [sys.executable, __file__, f"{model}:{size}:{steps}", "--device", device, "--only", program]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def device_name(device):
    if device == "cpu":
        return cpu_name()
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(query, check=True, capture_output=True, text=True).stdout.splitlines()[0]


def table(model, size, steps, runs, device):
    lines = [f"{model.name}, {size} x {size}, {steps} steps. {device_name(device)}; medians, in brackets times as fast as diffusers f16.", "",
             "| program | step with guidance | VAE decode | steps and decode |", "|---|---|---|---|"]
    def median(program, key):
        return statistics.median(run[key] if key != "image" else steps * run["step"] + run["decode"] for run in runs[program])

    for program in runs:
        cells = [f"{duration(median(program, key))} ({median('diffusers f16', key) / median(program, key):.1f}x)"
                 for key in ("step", "decode", "image")]
        lines.append(f"| {program} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", help="FOLDER:SIZE:STEPS")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", choices=PROGRAMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for case in arguments.cases:
        folder, size, steps = case.rsplit(":", 2)
        model, size, steps = Path(folder), int(size), int(steps)
        if arguments.only:
            print(json.dumps(time_diffusers(model, size, steps, arguments.device, "compiled" in arguments.only)))
            return
        runs = {program: [] for program in PROGRAMS}
        for _ in range(arguments.rounds):
            for program, measured in runs.items():
                measured.append(measure(program, model, size, steps, arguments.device))
        print(table(model, size, steps, runs, arguments.device), flush=True)


if __name__ == "__main__":
    main()

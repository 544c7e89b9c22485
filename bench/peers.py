"""Times sd-worker against diffusers and OpenVINO: same weights, same prompt, same machine, in turn (A B A B), medians.

    python bench/peers.py FOLDER:SIZE ... [--steps 4] [--rounds 2] [--leave-out NAME ...]

A step is one with guidance (two passes of the UNet). Each run is a process of its own; the first step of a run warms up
and is not counted. tools/make_synthetic.py makes full-size models with random weights for it.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from page import ROOT, duration, generate, multiplies_bf16, publish

CONVERT, QUANTIZE = "convert for OpenVINO", "quantize for OpenVINO"
PICTURE_STEPS = 20
PROMPT = "a red circle on a blue background"
BASELINE = "diffusers f32, channels-last"  # what every table is relative to, or diffusers f32 where that is faster
PEERS = {
    "sd-worker exact": ("sd-worker", "exact"),
    "sd-worker fast": ("sd-worker", "fast"),
    "sd-worker int8": ("sd-worker", "int8"),
    "diffusers f32": ("diffusers", "f32"),
    BASELINE: ("diffusers", "f32 channels-last"),
    "OpenVINO f32": ("openvino", "f32"),
}
# Without instructions for bfloat16 the peers emulate it, many times slower than float32.
if multiplies_bf16():
    PEERS |= {
        "diffusers bf16, channels-last": ("diffusers", "bf16 channels-last"),
        "diffusers bf16, channels-last, compiled": ("diffusers", "bf16 channels-last compiled"),
        "OpenVINO bf16": ("openvino", "bf16"),
        "OpenVINO int8 (NNCF), rest bf16": ("openvino", "int8 bf16"),
    }
else:
    PEERS |= {
        "diffusers f32, channels-last, compiled": ("diffusers", "f32 channels-last compiled"),
        "OpenVINO int8 (NNCF), rest f32": ("openvino", "int8 f32"),
    }


def of_runs(rounds):
    return "One run of each" if rounds == 1 else f"Medians of {rounds} runs in turn"


def time_sd_worker(arguments, precision):
    timings, _ = generate(arguments.model, PROMPT, "--seed", "1", "--steps", str(arguments.steps), "--width", str(arguments.size),
                          "--height", str(arguments.size), "--guidance-scale", "7.5", "--precision", precision,
                          "--threads", str(arguments.threads))  # fmt: skip
    return {"step": statistics.median(timings["per_step_ms"][1:]) / 1e3, "decode": timings["decode_ms"] / 1e3}


def time_diffusers(arguments, how):
    """Runs in a process of its own: prints one line of JSON."""
    import torch
    from diffusers import DiffusionPipeline

    torch.set_num_threads(arguments.threads)
    dtype = torch.bfloat16 if how.startswith("bf16") else torch.float32
    pipeline = DiffusionPipeline.from_pretrained(arguments.model, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    if "channels-last" in how:
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
    if "compiled" in how:
        pipeline.unet = torch.compile(pipeline.unet)
        pipeline.vae.decoder = torch.compile(pipeline.vae.decoder)
    times = []
    latents = pipeline(PROMPT, num_inference_steps=arguments.steps, guidance_scale=7.5, width=arguments.size,
                       height=arguments.size, output_type="latent", generator=torch.Generator().manual_seed(1),
                       callback_on_step_end=lambda *parts: times.append(time.perf_counter()) or parts[-1]).images
    with torch.inference_mode():
        for _ in range(2 if "compiled" in how else 1):
            begin = time.perf_counter()
            pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor)
            decode = time.perf_counter() - begin
    steps = [after - before for before, after in zip(times, times[1:])]
    return {"step": statistics.median(steps), "decode": decode}


def openvino_folder(arguments):
    return arguments.work / f"openvino-{arguments.model.name}-{arguments.size}"


def openvino_example(arguments):
    """Inputs of the UNet."""
    import torch

    side = arguments.size // 8
    config = json.loads((arguments.model / "unet" / "config.json").read_text())
    example = [torch.randn(2, 4, side, side), torch.tensor(1.0), torch.randn(2, 77, config["cross_attention_dim"])]
    if config.get("addition_embed_type") == "text_time":
        sizes = 6  # in and out, and the crop's place
        pooled = config["projection_class_embeddings_input_dim"] - sizes * config["addition_time_embed_dim"]
        example += [torch.randn(2, pooled), torch.full((2, sizes), float(arguments.size))]
    return tuple(example)


def convert_for_openvino(arguments):
    """Converts UNet and decoder once, at one size and a batch of two for guidance, as OpenVINO's models with f16 weights.

    They are traced with weights in f16, as OpenVINO prepares such models for it: XL's in f32 take more memory than many machines have.
    """
    import openvino
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from openvino.frontend.pytorch import patch_model

    class Denoiser(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unet = UNet2DConditionModel.from_pretrained(arguments.model / "unet", torch_dtype=torch.float16)

        def forward(self, sample, timestep, states, text_embeds=None, time_ids=None):
            added = None if text_embeds is None else {"text_embeds": text_embeds, "time_ids": time_ids}
            return self.unet(sample, timestep, encoder_hidden_states=states, added_cond_kwargs=added, return_dict=False)[0]

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vae = AutoencoderKL.from_pretrained(arguments.model / "vae", torch_dtype=torch.float16)

        def forward(self, latents):
            return self.vae.decode(latents, return_dict=False)[0]

    openvino_folder(arguments).mkdir(parents=True, exist_ok=True)
    latents = torch.randn(1, 4, arguments.size // 8, arguments.size // 8)
    inputs = {"unet": (Denoiser, openvino_example(arguments)), "decoder": (Decoder, (latents,))}
    for name, (network, example) in inputs.items():
        prepared = network().eval()
        getattr(patch_model, "__make_16bit_traceable")(prepared)
        with torch.inference_mode():
            converted = openvino.convert_model(prepared, example_input=example,
                                               input=[openvino.PartialShape(list(value.shape)) for value in example])
        openvino.save_model(converted, openvino_folder(arguments) / f"{name}.xml", compress_to_fp16=True)


def quantize_for_openvino(arguments):
    """Post-training quantization by NNCF. Random weights have no accuracy to lose: one sample sets the ranges."""
    import nncf
    import openvino

    unet = openvino.Core().read_model(openvino_folder(arguments) / "unet.xml")
    quantized = nncf.quantize(unet, nncf.Dataset([[value.numpy() for value in openvino_example(arguments)]]), subset_size=1,
                              preset=nncf.QuantizationPreset.MIXED, model_type=nncf.ModelType.TRANSFORMER)
    openvino.save_model(quantized, openvino_folder(arguments) / "unet-int8.xml")


def time_openvino(arguments, how):
    """Runs in a process of its own."""
    import numpy
    import openvino

    unet, precision = ("unet-int8", how.removeprefix("int8 ")) if how.startswith("int8") else ("unet", how)
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY"}
    core, random = openvino.Core(), numpy.random.default_rng(1)

    def seconds(name, repeats):
        network = core.compile_model(openvino_folder(arguments) / f"{name}.xml", "CPU", settings)
        inputs = [random.standard_normal(list(port.shape), dtype=numpy.float32) for port in network.inputs]
        request, times = network.create_infer_request(), []
        for _ in range(repeats):
            begin = time.perf_counter()
            request.infer(inputs)
            times.append(time.perf_counter() - begin)
        return times

    return {"step": statistics.median(seconds(unet, arguments.steps)[1:]), "decode": seconds("decoder", 1)[0]}


def available_memory():
    """As a share of all."""
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) / int(fields["MemTotal"].split()[0])


def run_alone(arguments, name):
    """What one process of the peer measures, and its peak memory; nothing where the machine has too little for it."""
    command = [sys.executable, __file__, f"{arguments.model}:{arguments.size}", "--only", name, "--steps", str(arguments.steps),
               "--threads", str(arguments.threads), "--work", str(arguments.work)]
    environment = {"HF_HUB_OFFLINE": "1", "TORCHINDUCTOR_CACHE_DIR": str(arguments.work / "inductor")}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env={**os.environ, **environment})
        while process.poll() is None:
            time.sleep(0.5)
            if available_memory() < 0.02:  # before everything crawls
                process.kill()
        if process.returncode == -signal.SIGKILL:
            return None
        lines = {file: file.seek(0) or file.read().strip().splitlines() for file in (output, errors)}
    if process.returncode != 0:
        sys.exit(f"{name}: {lines[errors][-1]}")
    return json.loads(lines[output][-1])


def measure_here(arguments):
    if arguments.only in (CONVERT, QUANTIZE):
        {CONVERT: convert_for_openvino, QUANTIZE: quantize_for_openvino}[arguments.only](arguments)
        return print("{}")
    program, how = PEERS[arguments.only]
    measured = {"sd-worker": time_sd_worker, "diffusers": time_diffusers, "openvino": time_openvino}[program](arguments, how)
    who = resource.RUSAGE_CHILDREN if program == "sd-worker" else resource.RUSAGE_SELF
    print(json.dumps({**measured, "memory": resource.getrusage(who).ru_maxrss / 1024}))


def table(runs, arguments):
    finished = {name: measured for name, measured in runs.items() if None not in measured}
    for measured in finished.values():
        for run in measured:
            run["picture"] = PICTURE_STEPS * run["step"] + run["decode"]
    columns = ("step", "decode", "picture")
    eager = [name for name in finished if PEERS[name] in (("diffusers", "f32"), ("diffusers", "f32 channels-last"))]
    best = {key: min(statistics.median(run[key] for run in runs[name]) for name in eager) for key in columns if eager}
    lines = [f"{arguments.model.name}, {arguments.size} x {arguments.size}. {of_runs(arguments.rounds)}; in brackets, times as fast as "
             "diffusers in float32, the better layout.", "",
             f"| program | step with guidance | VAE decode | {PICTURE_STEPS} steps and decode | peak memory |", "|---|---|---|---|---|"]
    for name, measured in runs.items():
        if name not in finished:
            lines.append(f"| {name} | too little memory | - | - | - |")
            continue
        cells = []
        for key in columns:
            seconds = statistics.median(run[key] for run in measured)
            cells.append(duration(seconds) + (f" ({best[key] / seconds:.1f}x)" if best else ""))
        memory = statistics.median(run["memory"] for run in measured)
        lines.append(f"| {name} | {' | '.join(cells)} | {memory:.0f} MiB |")
    return "\n".join(lines) + "\n"


def without_models(arguments, names):
    """Those whose model is not there and cannot be made: OpenVINO's is converted once, and quantized for int8."""
    def made(step, file):
        return (openvino_folder(arguments) / file).exists() or run_alone(arguments, step) is not None

    converted = [name for name in names if PEERS[name][0] == "openvino"]
    if converted and not made(CONVERT, "decoder.xml"):
        return converted
    quantized = [name for name in converted if PEERS[name][1].startswith("int8")]
    return quantized if quantized and not made(QUANTIZE, "unet-int8.xml") else []


def measure_all(arguments):
    """The table of one model and size."""
    runs = {name: [] for name in PEERS if name not in arguments.leave_out}
    lacking = set(without_models(arguments, runs))
    for number in range(arguments.rounds):
        for name in runs:
            runs[name].append(None if name in lacking else run_alone(arguments, name))
            if runs[name][-1] is None:
                lacking.add(name)
            print(f"round {number + 1}, {name}: {runs[name][-1]}", file=sys.stderr)
    publish(arguments.output, f"peers {arguments.model.name} {arguments.size}", table(runs, arguments), arguments.threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", help="FOLDER:SIZE")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--leave-out", nargs="+", default=[], choices=[name for name in PEERS if name != BASELINE],
                        help="programs that are not timed")
    parser.add_argument("--output", type=Path, help="page whose table between the marks is replaced")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "peers", help="folder of converted models")
    parser.add_argument("--only", choices=[*PEERS, CONVERT, QUANTIZE], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for case in arguments.cases:
        model, size = case.rsplit(":", 1)
        arguments.model, arguments.size = Path(model), int(size)
        measure_here(arguments) if arguments.only else measure_all(arguments)


if __name__ == "__main__":
    main()

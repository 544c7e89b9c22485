"""Trains the bundled model from nothing: python tools/train_tiny/train.py --output models/shapes-128 --work build/train_tiny

Killed at any moment and started again, it goes on from its last checkpoint in the work folder. With --only, one stage is
run and nothing written but its checkpoint: once the text encoder is there, the other two can be trained side by side.
With --from and a finished model, its encoders are kept and its UNet is trained for a second round.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from transformers import CLIPTokenizer

from denoiser import finished_unet, train_unet
from export import export
from text_encoder import finished_text_encoder, train_text_encoder
from tokenizer import write_tokenizer
from vae import keep_encoder, new_vae, rescale, train_decoder, train_encoder

STAGES = ("vae", "text", "unet")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--only", choices=STAGES, help="run one stage")
    parser.add_argument("--from", dest="start", type=Path, help="finished model: keep its encoders, go on with its UNet")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: all cores")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)

    stages = [arguments.only] if arguments.only else STAGES
    vae = new_vae()
    if "vae" in stages:
        train_decoder(arguments.work / "decoder.pt", vae)
        if not arguments.start:
            train_encoder(arguments.work / "encoder.pt", vae)
    if "text" in stages or "unet" in stages:
        write_tokenizer(arguments.work / "tokenizer")
        tokenizer = CLIPTokenizer.from_pretrained(arguments.work / "tokenizer")
        text_encoder = finished_text_encoder(arguments.start) if arguments.start else train_text_encoder(
            arguments.work / "text_encoder.pt", tokenizer)
    if "unet" in stages:
        unet = train_unet(arguments.work / "unet.pt", tokenizer, text_encoder, finished_unet(arguments.start))
    if arguments.only:
        return
    rescale(vae)
    if arguments.start:
        keep_encoder(vae, arguments.start)
    export(arguments.output, vae, text_encoder, unet)


if __name__ == "__main__":
    main()

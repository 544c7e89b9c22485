"""Trains the bundled model from nothing: python tools/train_tiny/train.py --output models/shapes-128 --work build/train_tiny

On a GPU where there is one. Killed at any moment and started again, it goes on from its last checkpoint in the work
folder. With --only, one stage is run and nothing written but its checkpoint: once the text encoder is there, the other
two can be trained side by side.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from transformers import CLIPTokenizer

from denoiser import train_unet
from export import export
from fit_preview import write_preview
from text_encoder import train_text_encoder
from tokenizer import write_tokenizer
from vae import new_vae, rescale, train_decoder, train_encoder

STAGES = ("vae", "text", "unet")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--only", choices=STAGES, help="run one stage")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: all cores")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    device = torch.device(arguments.device)
    # Beside a GPU, processes of their own draw the scenes; on a CPU no core is free for that.
    place = {"device": device, "workers": min(8, arguments.threads) if device.type == "cuda" else 0}

    stages = [arguments.only] if arguments.only else STAGES
    vae = new_vae().to(device)
    if "vae" in stages:
        train_decoder(arguments.work / "decoder.pt", vae, **place)
        train_encoder(arguments.work / "encoder.pt", vae, **place)
    if "text" in stages or "unet" in stages:
        write_tokenizer(arguments.work / "tokenizer")
        tokenizer = CLIPTokenizer.from_pretrained(arguments.work / "tokenizer")
        text_encoder = train_text_encoder(arguments.work / "text_encoder.pt", tokenizer, **place)
    if "unet" in stages:
        unet = train_unet(arguments.work / "unet.pt", tokenizer, text_encoder, **place)
    if arguments.only:
        return
    rescale(vae)
    export(arguments.output, vae.cpu(), text_encoder.cpu(), unet.cpu())
    write_preview(arguments.output)


if __name__ == "__main__":
    main()

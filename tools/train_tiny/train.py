"""Trains the bundled model from nothing: python tools/train_tiny/train.py --output models/shapes-128 --work build/train_tiny

Killed at any moment and started again, it goes on from its last checkpoint in the work folder.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from transformers import CLIPTokenizer

from denoiser import train_unet
from export import export
from text_encoder import train_text_encoder
from tokenizer import write_tokenizer
from vae import new_vae, rescale, train_decoder, train_encoder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)

    write_tokenizer(arguments.work / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(arguments.work / "tokenizer")
    text_encoder = train_text_encoder(arguments.work / "text_encoder.pt", tokenizer)
    unet = train_unet(arguments.work / "unet.pt", tokenizer, text_encoder)
    vae = new_vae()
    train_decoder(arguments.work / "decoder.pt", vae)
    train_encoder(arguments.work / "encoder.pt", vae)
    rescale(vae)
    export(arguments.output, vae, text_encoder, unet)


if __name__ == "__main__":
    main()

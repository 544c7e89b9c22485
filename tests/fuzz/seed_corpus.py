"""Writes the corpora that the fuzz targets start from: small sound and broken inputs, most of them the parity tests' own.

    python tests/fuzz/seed_corpus.py
"""

import base64
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import test_picture_decoding as pictures  # noqa: E402
import test_safetensors_rules as safetensors  # noqa: E402
import test_tokenizer as tokenizer  # noqa: E402

MAX_BYTES = 1500


def small_pictures():
    def make(mode, format, **options):
        return pictures.saved(pictures.sample(mode, 13, 11), format, **options)

    for mode in ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]:
        yield f"png {mode}", make(mode, "PNG")
    for mode in ["RGB", "L", "CMYK"]:
        yield f"jpeg {mode}", make(mode, "JPEG", quality=50)
        yield f"jpeg progressive {mode}", make(mode, "JPEG", quality=50, progressive=True)
    for mode in ["RGB", "RGBA"]:
        yield f"webp {mode}", make(mode, "WEBP", quality=30)
        yield f"webp lossless {mode}", make(mode, "WEBP", lossless=True)
    animation = {"save_all": True, "append_images": [pictures.sample("RGB", 13, 11).rotate(180)]}
    for format in ["PNG", "WEBP"]:
        yield f"{format} animated", make("RGB", format, **animation)
        yield f"{format} turned", make("RGB", format, exif=pictures.orientation_exif(6))
    yield "jpeg turned", make("RGB", "JPEG", exif=pictures.big_endian_exif(8))
    yield "jpeg restarts", make("RGB", "JPEG", restart_marker_blocks=1)
    yield from pictures.PNGS.items()
    yield from ((name, content) for name, (content, _) in pictures.REFUSED.items() if "cut at" not in name)


JSON = [
    "null", "true", "0", "-0", "1.5e-7", "1e400", "18446744073709551615", "18446744073709551616", '""', "[]", "{}", " [1, 2 ,3]\n",
    '{"prompt":"a red circle","steps":20,"seed":12345678901234567890,"guidance_scale":7.5,"nested":{"a":[{"b":null}]}}',
    '"\\u0000\\ud83d\\ude00\\n\\""', '"\\ud800"', '{"a":1,"a":2}', "[" * 64 + "]" * 64, "[" * 65 + "]" * 65, "[1,]", "{}{}", "{}\0",
    "\ufeff{}", "// no\n1", "NaN", "Infinity", "'a'", '{"a":', '{"é":"日本語 🐉"}', '{"_class_name":"UNet2DConditionModel","block_out_channels":[320,640]}',
]  # fmt: skip

BASE64 = ["", "QQ==", "QUI=", "QUJD", "QR==", "QQ=", "Q", "====", "QQ==QQ==", "QU JD\r\nQQ==", "QU-_", "data:image/png;base64,iVBORw0KGgo=",
          "data:,x", "DATA:IMAGE/JPEG;BASE64,/9j/", "data:image/png;base64", "A" * 200, "QUJ\0"]  # fmt: skip

TOKENIZER_FILES = [
    "", "{}", "[]", "null", "#version: 0.2\nt h\nth e</w>\n", "t h\r\n", "t  h", "t q", "t h e", "\ufefft h", '{"model_max_length": 1e30}',
    '{"model_max_length": 10, "pad_token": "!", "bos_token": {"content": "<|startoftext|>", "normalized": true}}', '{"padding_side": "left"}',
    '{"added_tokens_decoder": {"3": {"content": "\u00c9", "lstrip": true, "rstrip": true, "single_word": true, "special": true}}}',
    '{"additional_special_tokens": ["<a>", {"content": "b"}]}', '{"bos_token": "t", "eos_token": "h", "unk_token": "a", "pad_token": ""}',
    '{"<|endoftext|>": 0, "<|startoftext|>": 1, "t": 2, "h": 3, "th": 4}', '{"<cat-toy>": 514, "x": 16777215}', '{"x": -1}', '{"x": 1e400}',
    '{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1, "<|startoftext|>": 2, "<|endoftext|>": 3}, "merges": ["a a"]}, "added_tokens":'
    ' [{"id": 3, "content": "<|endoftext|>", "special": true}]}', '{"model": {"vocab": {}, "merges": [["a", "b"]]}}',
]  # fmt: skip


def write(target, inputs):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in inputs:
        if len(content) <= MAX_BYTES:
            (folder / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")).write_bytes(content)


def main():
    write("safetensors", (safetensors.SAME | safetensors.STRICTER).items())
    write("picture", small_pictures())
    write("json", ((f"{i:02}", text.encode()) for i, text in enumerate(JSON)))
    write("base64", ((f"{i:02}", text.encode()) for i, text in enumerate(BASE64)))
    write("tokenizer", ((f"{i:02}", text.encode()) for i, text in enumerate(tokenizer.HOSTILE)))
    write("tokenizer_files", ((f"{i:02}", text.encode()) for i, text in enumerate(TOKENIZER_FILES)))


if __name__ == "__main__":
    main()

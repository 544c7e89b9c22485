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


TINY_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"  # 1 x 1
PICTURES = f'"init_image":"{TINY_PNG}","mask_image":"data:image/png;base64,{TINY_PNG}"'


def job(fields, operation="image_generation", prompt='"a red circle"'):
    return f'{{"operation":"{operation}","prompt":{prompt},{fields}}}'


SETTINGS = """"negative_prompt":"blurry","model":"tiny","hive_id":"h1","worker_id":"w1","steps":12,"guidance_scale":4.5,"seed":7,
"width":128,"height":64,"count":2,"sampler":"euler","schedule":"karras","loras":[{"name":"ink"},{"name":"wash","strength":-2}],
"clip_skip":2,"guidance_start":0.1,"guidance_end":0.75,"cross_attention_end":0.5,"token_merging_ratio":0.25,"deep_cache_interval":3,"preview_every":4,"output_format":"webp","quality":55,
"priority":-3,"timeout_s":2.5,"cancel_on_disconnect":true"""

JOB_REQUESTS = {
    "generation": '{"operation":"image_generation","prompt":"a red circle"}',
    "transform every field": job(f'{SETTINGS},"strength":0.25,"input_image":"{TINY_PNG}"', "image_transform"),
    "inpaint every field": job(f'{SETTINGS},"strength":1,{PICTURES}', "image_inpaint"),
    "transform by the other name": job(f'"init_image":"{TINY_PNG}"', "image_transform"),
    "both names of a picture": job(f'"input_image":"{TINY_PNG}",{PICTURES}', "image_inpaint"),
    "picture too large": job(f'"input_image":"{"A" * 1300}"', "image_transform"),
    "names by their aliases": job('"sampler":"Euler A","schedule":"KARRAS","output_format":"jpg"'),
    "empty prompt": job('"allow_empty_prompt":true,"negative_prompt":null', prompt='""'),
    "escaped nul": job('"model":"a\\u0000b"'),
    "escapes in a prompt": job('"negative_prompt":"\\u0001"', prompt='"\\ud83d\\ude00 \\"\\n"'),
    "controls in names": job('"sampler":"\x7f\u009b"'),
    "lower ends": job('"steps":1,"guidance_scale":-0.0,"seed":-1,"width":64,"height":64.0,"count":1,"clip_skip":1,"quality":1,'
                      '"priority":-10,"timeout_s":1e-320,"guidance_start":0,"guidance_end":0,'
                      '"cross_attention_end":0,"token_merging_ratio":0'),
    "upper ends": job('"steps":1.5e2,"guidance_scale":30,"seed":18446744073709551615,"width":2048,"height":2048,"count":8,"clip_skip":12,'
                      '"quality":100,"priority":10,"timeout_s":604800,"preview_every":2147483647,"deep_cache_interval":10,'
                      '"cross_attention_end":1,"token_merging_ratio":0.75'),
    "huge numbers": job('"steps":1e308,"guidance_scale":1e308,"seed":1e20,"width":2147483648,"count":-9223372036854775808'),
    "number beyond a double": job('"guidance_scale":1e400'),
    "nan": job('"guidance_scale":NaN'),
    "wrong types": job('"steps":"20","width":null,"count":true,"seed":[],"loras":{},"sampler":3,"timeout_s":"1"'),
    "lora as a path": job('"loras":[{"name":"../x"}]'),
    "nested deeply": job(f'"extra":{"[" * 31}{"]" * 31}'),
    "nested too deeply": job(f'"extra":{"[" * 32}{"]" * 32}'),
    "duplicate key": job('"prompt":"a blue square"'),
    "not utf-8": job('"model":"tiny"', prompt='"\udcff"'),
    "not an object": '[{"operation":"image_generation"}]',
}  # fmt: skip


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
    write("job_request", ((name, text.encode(errors="surrogateescape")) for name, text in JOB_REQUESTS.items()))
    write("tokenizer_files", ((f"{i:02}", text.encode()) for i, text in enumerate(TOKENIZER_FILES)))


if __name__ == "__main__":
    main()

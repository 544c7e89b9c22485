"""Writes docs/configuration.md from the program's own table of settings: configuration_page.py build/sd-worker"""

import json
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"

HEAD = """# Configuration

Every setting of `sd-worker serve` is a flag, an environment variable and a line of a TOML file. A flag comes before the
environment, the environment before the file, the file before the default.

```sh
build/sd-worker serve --model models/shapes-128 --queue-size 16
SD_WORKER_QUEUE_SIZE=16 build/sd-worker serve --model models/shapes-128
build/sd-worker serve --config worker.toml
```

```toml
# worker.toml: top-level keys only; an unknown one is an error
model = ["small=models/shapes-128"]
queue_size = 16
max_body_bytes = 33554432
cors_origin = ["https://app.example"]
```

Sizes are bytes; on the command line and in the environment they may end in `K`, `M` or `G` (times 1024). Times are seconds.
A setting marked *list* is a flag that may repeat, an array in the file, and separated by commas in the environment.
The API key is never a flag's value: it comes from the file that `--api-key-file` names, or else from `SD_WORKER_API_KEY`.
Blanks and line breaks around a value of the environment or a key do not belong to it. A setting that is empty, a key that is blank and an
origin or host that no client could send are refused.

When not to touch these: the defaults suit one worker on one machine with a few clients. Raise a limit when a client meets
it (the error says which), not before; each one bounds memory that a stranger can make the worker use.
"""

TAIL = """
## What requests can cost

What bounds each cost, and what happens beyond.

| What | Bound | Beyond it |
|---|---|---|
| Memory of request bodies that arrive or wait to be decoded, and of answers being written | `--body-budget`; the first 16 KiB of each are not counted | an unfinished body gives way to an older one: 503 with `Retry-After`; small jobs go through |
| One body | `--max-body-bytes`, and never more than `--body-budget` | 413 |
| Parsing and decoding | `--intake-threads` at once; each takes up to twice `--max-body-bytes` and 64 MiB more; one lossless WebP at a time may take 400 MiB | requests wait, 256 at most; then 503 |
| JPEG scans | 20 for an image of `--max-picture-pixels`, more for smaller ones, at most 100; scans of arithmetic coding count eight times | 422 |
| Text and profiles in a PNG | 8 MiB each once inflated, 16 MiB together | 413 |
| Connections | `--max-connections`, at most the hard limit of open files (`ulimit -Hn`) less 64, or half of it | the one that has waited longest without a whole request header (idle, in its TLS handshake, slow) gives way; if all are busy, 503, or with TLS an end before the handshake |
| TLS handshake, request header | `--header-timeout` each | the connection ends (408) |
| Body | `--body-timeout` | 408 |
| A client that does not read | `--write-timeout` without progress, and in all that plus a second for each 16 KiB | the connection ends |
| A page of `GET /v1/jobs` | 200 jobs, and about 1 MiB | a shorter page; `next_cursor` goes on |
| Time left of a waiting job | the first 256 of the queue | `eta_ms` is null |

A worker under attack takes about: its models, plus `--body-budget`, plus 48 KiB for each of `--max-connections` (128 KiB with TLS), plus what
the intake threads take, plus `--queue-bytes` and `--result-bytes`. Choose these to fit when memory is limited, as in a container.
`sd_worker_http_held_bytes` and `sd_worker_http_connections` in `/metrics` tell how near the bounds are.

## As a service

`packaging/sd-worker.service` is a systemd unit. It starts `/usr/bin/sd-worker` with `/etc/sd-worker/sd-worker.toml`, restarts it after a
crash (not after wrong usage or for a bad model, where it would only fail again), and gives SIGTERM the time that `--drain-seconds` needs.

A crash inside an op writes one line to standard error and then ends the process by its signal, so that a core is kept
(`coredumpctl`):

```text
sd-worker: crashed by SIGSEGV in conv2d 2x320x64x64 -> 640 (instruction set avx2, precision exact, model sd15, version 0.1.0); try SD_WORKER_OPS=aten
```

`SD_WORKER_OPS=aten` replaces the worker's own kernels by LibTorch's: slower, and a way to go on until the fault is mended. With
systemd, set it in an override: `systemctl edit sd-worker`, then `Environment=SD_WORKER_OPS=aten` under `[Service]`.

When not to use it: in a container, whose runtime restarts the process by its own rules.
"""


def main() -> None:
    program = sys.argv[1] if len(sys.argv) > 1 else "build/sd-worker"
    rows = json.loads(subprocess.run([program, "serve", "--describe-settings"], check=True, capture_output=True).stdout)
    page = HEAD
    for group in dict.fromkeys(row["group"] for row in rows):
        page += f"\n## {group}\n\n| Flag | Environment | File | Default | Meaning |\n|---|---|---|---|---|\n"
        for row in rows:
            if row["group"] == group:
                key = f"`{row['key']}`" if row["key"] else "-"
                default = f"`{row['default']}`" if row["default"] else "-"
                mark = " *list*" if row["list"] else ""
                page += f"| `{row['flag']}` | `{row['variable']}` | {key} | {default} | {row['help']}{mark} |\n"
    PAGE.write_text(page + TAIL)


if __name__ == "__main__":
    main()

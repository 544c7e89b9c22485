"""Writes docs/configuration.md from the program's own table of settings: configuration_page.py build/sd-worker"""

import json
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"

HEAD = """# Configuration

Every setting of `sd-worker serve` is a flag, an environment variable and a line of a TOML file. A flag comes before the
environment, the environment before the file, the file before the default.

```
sd-worker serve --model models/shapes-128 --queue-size 16
SD_WORKER_QUEUE_SIZE=16 sd-worker serve --model models/shapes-128
sd-worker serve --config worker.toml
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
The API key is never a flag's value: it comes from `SD_WORKER_API_KEY` or from the file that `--api-key-file` names.

When not to touch these: the defaults suit one worker on one machine with a few clients. Raise a limit when a client meets
it (the error says which), not before; each one bounds memory that a stranger can make the worker use.
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
    PAGE.write_text(page)


if __name__ == "__main__":
    main()

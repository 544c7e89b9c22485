"""The OpenAPI document held against the running worker by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_schemathesis_finds_no_violation(start, tmp_path):
    worker = start("--queue-size", "100000", FAKE_STEP_MS=0)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "schemathesis"), "run", f"{worker.url}/openapi.json", "--max-examples", "25",
         "--seed", "1", "--no-color", "--request-timeout", "20"],
        cwd=tmp_path, capture_output=True, text=True, timeout=170,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

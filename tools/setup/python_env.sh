#!/usr/bin/env bash
# python_env.sh VENV KIND: makes the virtual environment VENV hold what requirements-KIND.txt names.
# KINDs torch and bench install without dependencies; cuda and test install with them. Does nothing where that is already done.
set -euo pipefail

venv=$1 kind=$2
here=$(cd "$(dirname "$0")" && pwd)
stamp="$venv/.requirements-$kind-$(cat "$here"/requirements-torch.txt "$here/requirements-$kind.txt" | sha256sum | cut -c1-16)"
[ -e "$stamp" ] && exit 0

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
deps=()
[[ "$kind" =~ ^(torch|bench)$ ]] && deps=(--no-deps)
echo "installing Python packages ($kind) into $venv"
"$venv/bin/pip" install -q --disable-pip-version-check "${deps[@]}" -r "$here/requirements-$kind.txt"
touch "$stamp"

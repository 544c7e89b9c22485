#!/usr/bin/env bash
# Installs the Debian packages listed in the given files that are not there yet: as root, or through sudo.
# Without either it prints the one line to type and fails.
set -euo pipefail

missing=()
for package in $(cat "$@"); do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
  run=()
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  run=(sudo)
else
  echo "These packages are missing and neither root nor sudo is at hand. Please run:" >&2
  echo "  apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
for package in "${missing[@]}"; do
  [[ $package != *:* ]] || "${run[@]}" dpkg --add-architecture "${package#*:}"
done
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

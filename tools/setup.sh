#!/usr/bin/env bash
# Makes the virtual environment and, as root on Debian, installs what real nodes need. Safe to run again.
set -euo pipefail
python=${1:-python3} venv=${2:-.venv}

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }

if ! "$python" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Changeover needs Python 3.11 or newer." >&2
  echo "found: $("$python" --version 2>&1 || echo none)" >&2
  echo "hint: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi

[ -x "$venv/bin/python" ] || { say "setup: virtual environment in $venv"; "$python" -m venv "$venv"; }
say "setup: Python packages (hashed)"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .

missing=()
for pair in containerd:containerd runc:runc ip:iproute2 nft:nftables; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
done
[ -d /usr/lib/cni ] || missing+=(containernetworking-plugins)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "setup: Debian packages ${missing[*]} (for nodes that run real pods)"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || say "setup: they could not be installed; nodes will be simulated"
else
  say "setup: without root on Debian, ${missing[*]} cannot be installed here; nodes will be simulated"
fi

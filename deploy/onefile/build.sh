#!/bin/sh
# Makes the single file: deploy/onefile/build.sh [FILE]   (dist/torod.pyz unless said)
#
# PYTHONS names the Pythons that it is to run with, `python3` unless said: "python3.11 python3.12". Each of them must be
# on this machine, and the file runs where one of these versions is, on this system and processor.
# WHEELS names a folder that deploy/wheels.sh has filled for them; without it a new one is filled.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-$here/dist/torod.pyz}
pythons=${PYTHONS:-python3}
pex=${PEX:-$here/.venv/bin/pex}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wheels=${WHEELS:-$scratch/wheels}
# shellcheck disable=SC2086 # a list of words
[ -n "${WHEELS:-}" ] || "$here/deploy/wheels.sh" "$wheels" $pythons

version=$(sed -n 's/^__version__: Final = "\(.*\)"/\1/p' "$here/src/tokenrouter/__init__.py")
set -- --output-file "$file"
for python in $pythons; do set -- "$@" --python "$(command -v "$python")"; done
mkdir -p "$(dirname "$file")"
# The environment of its own that it unpacks to on its first start has a Python of its own, whose children
# (`python -m tokenrouter.app.data`) see everything that they need.
PEX_ROOT="$scratch/pex" "$pex" "tokenrouter==$version" "$@" --no-pypi --find-links "$wheels" --venv --sh-boot \
  --entry-point tokenrouter.cli.single_file:main

#!/bin/sh
# Puts what an installation consists of into a folder, as wheels: every locked requirement, its hash checked, and
# TokenRouter itself with the admin UI in it. Whatever is made of the folder later needs no network.
#
#   deploy/wheels.sh FOLDER [PYTHON…]     one set of wheels for every Python that is named; python3 unless said
#
# BUILD_PYTHON names one that has requirements/build.txt installed: .venv/bin/python unless said.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || { echo 'deploy/wheels.sh: name the folder for the wheels' >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- python3

builder=${BUILD_PYTHON:-$here/.venv/bin/python}
if ! "$builder" -c 'import hatchling' 2>/dev/null; then
  echo "deploy/wheels.sh: $builder cannot build the wheel; say make setup first, or name another with BUILD_PYTHON" >&2
  exit 1
fi

rm -f "$folder"/tokenrouter-*.whl
(cd "$here" && "$builder" -m hatchling build --target wheel --directory "$folder" >/dev/null)
for python in "$@"; do
  "$builder" -m pip --disable-pip-version-check --quiet --python "$(command -v "$python")" download --only-binary=:all: \
    --require-hashes --requirement "$here/requirements/runtime.txt" --dest "$folder"
done

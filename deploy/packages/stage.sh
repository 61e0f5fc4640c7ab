#!/bin/sh
# Makes the tree that the packages carry: deploy/packages/stage.sh FOLDER
#
# PYTHON is the Python of the system that the package is for; the environment below /opt/tokenrouter is bound to it and
# to its version. /usr/bin/python3 unless said. WHEELS names a folder that deploy/wheels.sh has filled for it.
# The tree needs no network and no pip where it is unpacked, and nothing is written to it there.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -eq 1 ] || { echo 'deploy/packages/stage.sh: name the folder for the tree' >&2; exit 2; }
root=$1
python=$(readlink -f "${PYTHON:-/usr/bin/python3}")
prefix=/opt/tokenrouter
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wheels=${WHEELS:-$scratch/wheels}
[ -n "${WHEELS:-}" ] || "$here/deploy/wheels.sh" "$wheels" "$python"

make_environment() {
  "$python" -m venv --without-pip --symlinks "$root$prefix"
  "$python" -m venv "$scratch/pip"
  cp "$here/requirements/runtime.txt" "$scratch/requirements.txt"
  "$scratch/pip/bin/pip" --disable-pip-version-check --quiet --python "$root$prefix/bin/python" install --no-index \
    --find-links "$wheels" --no-compile --require-hashes --requirement "$scratch/requirements.txt"
  "$scratch/pip/bin/pip" --disable-pip-version-check --quiet --python "$root$prefix/bin/python" install --no-index \
    --no-deps --no-compile "$wheels"/tokenrouter-*.whl
}

# Nothing in the tree may tell where it was made: two builds of the same are alike.
settle_in() {
  for file in "$root$prefix"/bin/*; do
    case ${file##*/} in
      python | python3 | python3.*) ;;
      torod | toro) sed -i "1s|.*|#!$prefix/bin/python|" "$file" ;;
      *) rm -f "$file" ;;
    esac
  done
  ln -sfn "$python" "$root$prefix/bin/${python##*/}"
  ln -sfn "${python##*/}" "$root$prefix/bin/python3"
  ln -sfn "${python##*/}" "$root$prefix/bin/python"
  rm -rf "$root$prefix/include"
  sed -i '/^command = /d' "$root$prefix/pyvenv.cfg"
  find "$root$prefix" -name direct_url.json -delete
  find "$root$prefix" -name RECORD -delete
  "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$root$prefix/lib" || true
}

add_rest() {
  install -d "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/usr/share/doc/tokenrouter"
  install -d -m 750 "$root/etc/tokenrouter"
  ln -s "../..$prefix/bin/torod" "$root/usr/bin/torod"
  ln -s "../..$prefix/bin/toro" "$root/usr/bin/toro"
  install -m 640 "$here/deploy/packages/torod.toml" "$here/deploy/packages/environment" "$root/etc/tokenrouter/"
  install -m 644 "$here/deploy/systemd/tokenrouter.service" "$root/usr/lib/systemd/system/"
  install -m 644 "$here/LICENSE" "$root/usr/share/doc/tokenrouter/copyright"
  install -m 644 "$here/CHANGELOG.md" "$here/README.md" "$root/usr/share/doc/tokenrouter/"
  if [ -d "$here/docs/man" ]; then
    for page in "$here"/docs/man/*.[1-8]; do
      section=$root/usr/share/man/man${page##*.}
      install -d "$section"
      gzip -9nc "$page" >"$section/${page##*/}.gz"
    done
  fi
}

# `torod` and `toro` write their own completions, from the commands that they have.
add_completions() {
  install -d "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"
  for program in torod toro; do
    for shell in bash zsh fish; do
      case $shell in
        bash) file=$root/usr/share/bash-completion/completions/$program ;;
        zsh) file=$root/usr/share/zsh/vendor-completions/_$program ;;
        fish) file=$root/usr/share/fish/vendor_completions.d/$program.fish ;;
      esac
      variable=_$(echo "$program" | tr '[:lower:]' '[:upper:]')_COMPLETE
      env HOME="$scratch" "$variable=${shell}_source" "$python" -B -c \
        "import sys; sys.path.insert(0, sys.argv[1]); from tokenrouter.cli.$program import main; main(prog_name='$program')" \
        "$(echo "$root$prefix"/lib/python3*/site-packages)" >"$file"
    done
  done
}

rm -rf "$root"
mkdir -p "$root"
make_environment
settle_in
add_rest
add_completions

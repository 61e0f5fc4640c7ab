#!/bin/sh
# Makes the package for Arch Linux: deploy/packages/build_arch.sh [FOLDER]   (dist/ unless said)
#
# LEVEL 0 leaves it uncompressed. STAGE names a tree that stage.sh has made; without it one is made. PYTHON and WHEELS are for stage.sh. makepkg refuses root, who lends the work to `nobody`.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$here/dist}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/package" "$scratch/home"
if [ -n "${STAGE:-}" ]; then cp -a "$STAGE" "$scratch/tree"; else "$here/deploy/packages/stage.sh" "$scratch/tree"; fi
cp "$here/deploy/packages/tokenrouter.install" "$scratch/package/"
# The tree is here already, and what makes it stays where it is.
sed 's|^  PYTHON=.*|  ln -s "$TREE" "$srcdir/tree"|' "$here/deploy/packages/PKGBUILD" >"$scratch/package/PKGBUILD"

case ${LEVEL:-6} in 0) ending=.pkg.tar ;; *) ending=.pkg.tar.gz ;; esac
set -- env HOME="$scratch/home" TREE="$scratch/tree" PKGDEST="$scratch/out" PKGEXT="$ending" \
  PACKAGER='The TokenRouter authors <tokenrouter@invalid>' \
  makepkg --nodeps --force
mkdir "$scratch/out"
if [ "$(id -u)" -eq 0 ]; then
  chown -R nobody "$scratch"
  set -- setpriv --reuid=nobody --clear-groups "$@"
fi
if ! (cd "$scratch/package" && "$@" >"$scratch/log" 2>&1); then
  cat "$scratch/log" >&2
  exit 1
fi
cp "$scratch"/out/tokenrouter-*.pkg.tar* "$folder/"
for made in "$scratch"/out/tokenrouter-*.pkg.tar*; do echo "$folder/${made##*/}"; done

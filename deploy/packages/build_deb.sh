#!/bin/sh
# Makes the Debian package: deploy/packages/build_deb.sh [FOLDER]   (dist/ unless said)
#
# STAGE names a tree that stage.sh has made; without it one is made. PYTHON and WHEELS are for stage.sh.
# LEVEL is how hard it is compressed, 0 to 9; 6 unless said.
# The package is for the Debian or Ubuntu whose Python it was made with.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$here/dist}
own=$here/deploy/packages/debian
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree
if [ -n "${STAGE:-}" ]; then cp -al "$STAGE" "$tree" 2>/dev/null || cp -a "$STAGE" "$tree"; else "$here/deploy/packages/stage.sh" "$tree"; fi

version=$(sed -n 's/^__version__: Final = "\(.*\)"/\1/p' "$here/src/tokenrouter/__init__.py")
python=$(readlink "$tree/opt/tokenrouter/bin/python")
mkdir "$tree/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$(dpkg --print-architecture)/" -e "s/@PYTHON@/$python/" \
  -e "s/@SIZE@/$(du -sk "$tree" | cut -f1)/" "$own/control" >"$tree/DEBIAN/control"
printf '%s\n' /etc/tokenrouter/torod.toml /etc/tokenrouter/environment >"$tree/DEBIAN/conffiles"
install -m 755 "$own/postinst" "$own/prerm" "$own/postrm" "$tree/DEBIAN/"
changes=$tree/usr/share/doc/tokenrouter/CHANGELOG.md
gzip -9nc "$changes" >"$changes.gz"
rm "$changes"

mkdir -p "$folder"
dpkg-deb --root-owner-group -Zxz "-z${LEVEL:-6}" --build "$tree" "$folder" >/dev/null
echo "$folder/tokenrouter_${version}_$(dpkg --print-architecture).deb"

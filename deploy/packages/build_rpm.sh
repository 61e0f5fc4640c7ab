#!/bin/sh
# Makes the RPM package: deploy/packages/build_rpm.sh [FOLDER]   (dist/ unless said)
#
# STAGE names a tree that stage.sh has made; without it one is made. PYTHON and WHEELS are for stage.sh.
# LEVEL is how hard it is compressed, 0 to 9; 6 unless said.
# The package is for the Fedora, RHEL or openSUSE whose Python it was made with.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$here/dist}
umask 022

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=${STAGE:-$scratch/tree}
[ -n "${STAGE:-}" ] || "$here/deploy/packages/stage.sh" "$tree"

version=$(sed -n 's/^__version__: Final = "\(.*\)"/\1/p' "$here/src/tokenrouter/__init__.py")
set --
if [ -d "$tree/usr/share/man" ]; then set -- --define "tr_man /usr/share/man/man*/*"; fi
mkdir -p "$folder"
rpmbuild -bb --quiet "$@" --define "_topdir $scratch/rpm" --define "_rpmdir $folder" \
  --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
  --define "_binary_payload w${LEVEL:-6}.xzdio" --define "tree $tree" --define "tr_version $version" \
  --define "tr_python $(readlink -f "$tree/opt/tokenrouter/bin/python")" \
  "$here/deploy/packages/tokenrouter.spec"
echo "$folder/tokenrouter-$version-1.$(rpm --eval '%{_arch}').rpm"

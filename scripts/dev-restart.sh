#!/bin/sh
# Serves and starts again whenever a source file changes; words are handed on: scripts/dev-restart.sh --sandbox
set -eu
. "$(dirname "$0")/place.sh"
need_torod
exec "$torod" serve --reload "$@"

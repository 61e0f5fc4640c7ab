#!/bin/sh
# Serves in this terminal until Ctrl-C, on 0.0.0.0:8000 unless HOST and PORT say otherwise. Words are handed on to
# `torod serve`: scripts/start_foreground.sh --sandbox
set -eu
. "$(dirname "$0")/place.sh"
need_torod
exec "$torod" serve --listen-addr "$host:$port" "$@"

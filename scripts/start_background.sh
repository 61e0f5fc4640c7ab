#!/bin/sh
# Serves in the background, on 0.0.0.0:8000 unless HOST and PORT say otherwise, and returns when it does. Words are
# handed on to `torod serve`. scripts/kill_ports.sh stops it, scripts/check_status.sh tells how it is.
set -eu
. "$(dirname "$0")/place.sh"
need_torod
if pid=$(our_pid); then
  echo "It runs already (process $pid) on $host:$port; stop it with scripts/kill_ports.sh, or choose another PORT." >&2
  exit 1
fi
if is_alive; then
  echo "Something else answers on $near:$port already. Stop that, or choose another PORT." >&2
  exit 1
fi
mkdir -p "$run"
umask 077
nohup "$torod" serve --no-wizard --listen-addr "$host:$port" "$@" >>"$log_file" 2>&1 </dev/null &
pid=$!
printf '%s\n%s\n' "$pid" "$(started_at "$pid" | xargs)" >"$pid_file"

tries=0
while ! is_alive; do
  tries=$((tries + 1))
  if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 150 ]; then
    echo "It did not start. What it said last stands in $log_file:" >&2
    tail -n 5 "$log_file" >&2
    kill "$pid" 2>/dev/null || true
    rm -f "$pid_file"
    exit 1
  fi
  sleep 0.2
done
echo "It serves on http://$near:$port (process $pid). Log: $log_file"

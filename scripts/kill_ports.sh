#!/bin/sh
# Stops the server that scripts/start_background.sh has started for this PORT (8000 unless said): running answers may
# end, for 60 seconds at most. What anybody else has started on that port is named, and left alone.
set -eu
. "$(dirname "$0")/place.sh"
if ! pid=$(our_pid); then
  rm -f "$pid_file"
  if is_alive; then
    echo "A server answers on $near:$port, but scripts/start_background.sh has not started it: it is left alone." >&2
    exit 1
  fi
  echo "Nothing to stop: no server of scripts/start_background.sh runs for port $port."
  exit 0
fi
kill -TERM "$pid"
tries=0
while kill -0 "$pid" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    # Still the same process? Then it hangs.
    if [ "$(our_pid)" = "$pid" ]; then kill -KILL "$pid"; fi
    break
  fi
  sleep 0.2
done
rm -f "$pid_file"
echo "Stopped (process $pid, port $port)."

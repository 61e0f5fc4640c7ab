#!/bin/sh
# Says whether a server runs for this PORT (8000 unless said) and answers. Ends with 0 when it does, with 1 else.
set -eu
. "$(dirname "$0")/place.sh"
if pid=$(our_pid); then
  echo "process: $pid, since $(sed -n 2p "$pid_file")"
else
  pid=
  echo "process: none of scripts/start_background.sh"
fi
if is_alive; then
  echo "answers: yes, http://$near:$port/healthz"
  exit 0
fi
echo "answers: no, http://$near:$port/healthz"
if [ -n "$pid" ]; then echo "log: $log_file"; fi
exit 1

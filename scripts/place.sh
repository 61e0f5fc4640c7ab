# What the scripts beside this one share: where the server listens, where its pid file and log are. Read, not run.
#
# HOST and PORT say where it listens, 0.0.0.0 and 8000 unless said, as in the Classroom system. TOKENROUTER_RUN says
# where pid file and log lie; logs/ beside this folder unless said.
root=$(cd "$(dirname "$0")/.." && pwd)
host=${HOST:-0.0.0.0}
port=${PORT:-8000}
run=${TOKENROUTER_RUN:-$root/logs}
pid_file=$run/torod-$port.pid
log_file=$run/torod-$port.log
torod=${TOROD:-$root/.venv/bin/torod}
# Where to ask whether it is well: every address at once is no address to ask.
case $host in 0.0.0.0 | '::' | '') near=127.0.0.1 ;; *) near=$host ;; esac

need_torod() {
  if [ ! -x "$torod" ]; then
    echo "$torod is not there. Say \`make setup\` in $root first (it needs Python 3.11 or newer), or name another: TOROD=…" >&2
    exit 1
  fi
}

# A process number comes back for another program one day; number and start together do not. `ps` tells the start on
# Linux and macOS alike.
started_at() {
  LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null
}

# Prints the number of the server that start_background.sh has started, if that very process still runs.
our_pid() {
  [ -f "$pid_file" ] || return 1
  { read -r pid && read -r start; } <"$pid_file" || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  [ -n "$start" ] && [ "$(started_at "$pid" | xargs)" = "$start" ] || return 1
  echo "$pid"
}

is_alive() {
  python=$(dirname "$torod")/python
  [ -x "$python" ] || python=python3
  "$python" - "http://$near:$port/healthz" 2>/dev/null <<'PYTHON' || return 1
import sys
import urllib.request

sys.exit(urllib.request.urlopen(sys.argv[1], timeout=2).status != 200)
PYTHON
}

#!/bin/sh
# `make up`, `make down`, `make logs`: the supervisor in the background of this folder.
set -eu
cd "$(dirname "$0")/.."
var=${STEWARD_VAR:-var}
pid_file=$var/background.pid
log=$var/background.log
url=http://127.0.0.1:${PORT:-8000}/health/ready

running() { # The number in the file may be somebody else's by now.
  [ -f "$pid_file" ] && pid=$(cat "$pid_file") && kill -0 "$pid" 2>/dev/null &&
    tr '\0' ' ' < "/proc/$pid/cmdline" | grep -q 'manage.py steward run'
}

answers() {
  .venv/bin/python -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$url" 2>/dev/null
}

up() {
  if running; then echo "It is running already (process $pid)."; return; fi
  mkdir -p "$var"
  setsid .venv/bin/python manage.py steward run >> "$log" 2>&1 < /dev/null &
  echo $! > "$pid_file"
  waited=0
  until answers; do
    running || { tail -n 20 "$log" >&2; echo "It ended by itself; that was the end of $log." >&2; rm -f "$pid_file"; exit 1; }
    waited=$((waited + 1))
    [ "$waited" -lt 300 ] || { echo "It does not answer at $url yet; see: make logs" >&2; exit 1; }
    sleep 1
  done
  echo "It answers at ${url%/health/ready}. make logs follows it, make down stops it."
}

down() {
  if ! running; then rm -f "$pid_file"; echo "Nothing of 'make up' is running here."; return; fi
  kill -TERM "$pid"
  waited=0
  while kill -0 "$pid" 2>/dev/null; do
    waited=$((waited + 1))
    [ "$waited" -lt 60 ] || { echo "Process $pid has not ended after a minute; see: make logs" >&2; exit 1; }
    sleep 1
  done
  rm -f "$pid_file"
  echo "Stopped."
}

case "${1:-}" in
  up) up ;;
  down) down ;;
  logs) [ -f "$log" ] || { echo "There is no $log yet: it is written by make up." >&2; exit 1; }; exec tail -n 50 -F "$log" ;;
  *) echo "Usage: deploy/background.sh up|down|logs" >&2; exit 2 ;;
esac

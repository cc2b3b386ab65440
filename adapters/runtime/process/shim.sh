#!/bin/sh
# Keeps one instance of a service up: shim.sh FOLDER GENERATION NOW LIMITS(6) COMMAND…
# Detached, leader of the instance's process group. It needs nobody else: Sluice may be down for days.
# Ends after the service when told to: by SIGTERM, or by the file ending-GENERATION.
umask 077
. "${0%/*}/../../process/claim.sh"
. "${0%/*}/../../process/limits.sh"

# Everything in one function: the shell has read all of it before the first act, whatever becomes of this file.
run() {
  folder=$1 generation=$2 began=$3
  take_limits "$4" "$5" "$6" "$7" "$8" "$9"
  shift 9
  claim "$folder/shim-$generation" || exit 0
  ending=
  # A handler, not '': that would be inherited, and the service could not be ended by SIGTERM.
  trap 'ending=1' HUP INT TERM
  restarts=0 delay=0
  # What this shell itself has to say (`Killed`) is none of the service's output.
  exec 3>&1 >/dev/null 2>&1
  # In place, for whoever sees less of it takes it for running too: the service starts a process earlier.
  echo "running $began 0" >"$folder/state-$generation"
  while :; do
    look_at_limits
    before="$out_of_memory $refused"
    # Looking once more after the fork: a SIGTERM from before it did not reach this child.
    ([ -e "$folder/ending-$generation" ] && exit 143; confine; exec "$@" >&3 2>&3 3>&-)
    status=$?
    ended=$(date +%s)
    limit_since $before
    last="$status $ended $limit"
    if [ "$ending" ] || [ -e "$folder/ending-$generation" ]; then break; fi
    back_off $((ended - began))
    echo "[sluice] the service ended with status $status$(why)""; it is started again in $delay s" >&3
    publish "$folder/state-$generation" "backingOff $began $restarts $last"
    keep "$folder/state-$generation"
    sleep "$delay"
    if [ "$ending" ] || [ -e "$folder/ending-$generation" ]; then break; fi
    restarts=$((restarts + 1))
    began=$(date +%s)
    publish "$folder/state-$generation" "running $began $restarts $last"
  done
  publish "$folder/state-$generation" "stopped $began $restarts $last"
  keep "$folder/state-$generation"
  exit 0
}

# why: the limit that the service met, in words.
why() {
  case $limit in
    memory) echo ' because it needed more memory than it may have' ;;
    processes) echo ' and had met its limit of processes and threads' ;;
  esac
}

# back_off SECONDS_UP: 0.5, 1, 2, 4, 8, 16, 30, 30 … seconds; from the start again after a minute up.
back_off() {
  if [ "$1" -ge 60 ]; then delay=0; fi
  case $delay in
    0) delay=0.5 ;;
    0.5) delay=1 ;;
    16 | 30) delay=30 ;;
    *) delay=$((delay * 2)) ;;
  esac
}
run "$@"

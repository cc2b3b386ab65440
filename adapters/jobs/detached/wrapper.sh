#!/bin/sh
# Runs one attempt of a job: wrapper.sh FOLDER ATTEMPT[:again] LIMITS(6) COMMAND…
# `:again` when the command may be repeated: its result does not count after a power loss, so nothing is synced for it.
# Detached, in a process group of its own, so that neither Sluice's end nor a terminal's reaches the command.
umask 077
. "${0%/*}/../../process/claim.sh"
. "${0%/*}/../../process/limits.sh"

# Everything in one function: the shell has read all of it before the first act, whatever becomes of this file.
run() {
  folder=$1 attempt=${2%:again} numbered=$2
  take_limits "$3" "$4" "$5" "$6" "$7" "$8"
  shift 8
  claim "$folder/claim-$attempt" || exit 0
  # With a handler instead of '' this shell outlives a SIGTERM to the group, and the command does not inherit that.
  trap : HUP INT QUIT TERM
  # Room for the exit status, taken while there is some: the command may fill the disk.
  # Without a line end it is no result yet; so few bytes are then written over it at once, also on the disk.
  printf '    ' >"$folder/exit-$attempt"
  # What this shell itself has to say (`Terminated`) is none of the command's output.
  exec 3>&1 >/dev/null 2>&1
  look_at_limits
  before="$out_of_memory $refused"
  (confine; exec "$@" >&3 2>&3 3>&-)
  status=$?
  limit_since $before
  [ "$status" -ne 0 ] || limit=
  # A full disk must not turn a result into a riddle: written over what is there already, not into a new file.
  tries=0
  until printf '%03d%s\n' "$status" "${limit:+ $limit}" 1<>"$folder/exit-$attempt" || [ "$tries" -ge 60 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  [ "$numbered" != "$attempt" ] || keep "$folder/exit-$attempt"
  exit 0
}
run "$@"

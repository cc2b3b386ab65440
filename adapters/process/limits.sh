# Sourced by the shells that run jobs and instances. These stay outside of the limits themselves: no command can take
# from them what they need to report how it ended.

# take_limits MEMORY PIDS FREEZER CPU OPEN_FILES PROCESSES: folders of the cgroup by controller, each may be empty;
# PROCESSES is for where there is no cgroup that counts them, and the user is the service's alone.
take_limits() {
  memory_group=$1 pids_group=$2 freezer_group=$3 cpu_group=$4 open_files=$5 processes=$6
}

# confine: puts this shell, which is about to become the command, under the limits.
confine() {
  entered=
  for group in "$memory_group" "$pids_group" "$freezer_group" "$cpu_group"; do
    case "$entered" in *" $group "*) continue ;; esac
    [ -z "$group" ] || echo 0 >"$group/cgroup.procs" || echo "[sluice] $group is gone: its limits do not hold" >&3
    entered="$entered $group "
  done
  # A higher number than the machine allows is left at what it allows.
  [ -z "$open_files" ] || ulimit -n "$open_files" || ulimit -n "$(ulimit -H -n)"
  # -u is bash's letter for it, -p is dash's.
  if [ -n "$processes" ]; then
    if (ulimit -u "$processes"); then ulimit -u "$processes"; else ulimit -p "$processes"; fi
  fi
}

# look_at_limits: how often so far the kernel has killed somebody for want of memory, and has refused a process.
look_at_limits() {
  out_of_memory=0 refused=0
  [ -z "$memory_group" ] || for file in "$memory_group/memory.events" "$memory_group/memory.oom_control"; do
    [ ! -r "$file" ] || while read -r name count; do
      [ "$name" != oom_kill ] || out_of_memory=$count
    done <"$file"
  done
  [ ! -r "$pids_group/pids.events" ] || while read -r name count; do
    [ "$name" != max ] || refused=$count
  done <"$pids_group/pids.events"
}

# limit_since OUT_OF_MEMORY REFUSED: sets limit to the one that was met since those numbers; empty for none.
limit_since() {
  look_at_limits
  limit=
  if [ "$out_of_memory" -gt "$1" ]; then limit=memory
  elif [ "$refused" -gt "$2" ]; then limit=processes
  fi
}

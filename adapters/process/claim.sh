# Sourced by the shells that run jobs and instances, as Sluice's own user.

# claim FILE: writes who this shell is (pid, start, boot) to FILE unless it exists. A link either makes the
# complete file or fails, so that of several shells one goes on, and a reader never sees half of it.
claim() {
  if [ -r "/proc/$$/stat" ]; then
    read -r claim_boot </proc/sys/kernel/random/boot_id
    read -r claim_stat <"/proc/$$/stat"
    # Field 22; the name in field 2 may hold spaces, so count from behind its closing parenthesis.
    set -- "$1" ${claim_stat##*) }
    claim_start=${21}
  else
    claim_boot=$(/usr/sbin/sysctl -n kern.bootsessionuuid)
    claim_start=$(LC_ALL=C /bin/ps -o lstart= -p $$)
    claim_start=$(set -f; echo $claim_start)
  fi
  printf '%s\n%s\n%s\n' "$$" "$claim_start" "$claim_boot" >"$1.$$" && ln "$1.$$" "$1" 2>/dev/null
}

# publish FILE TEXT: replaces FILE at once, as a whole.
publish() {
  printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
}

# keep FILE: makes FILE and its name survive a power loss, where this machine can.
keep() {
  sync "$1" "${1%/*}" 2>/dev/null
}

# Runs one program of a classic buildpack in the release folder: PROGRAM INDEX, or `command` COUNT COMMAND.
# Buildpacks of one build lie in numbered folders, so that a later one gets what an earlier one has exported.
program=$1 index=$2
build=$PWD
packs=$TMPDIR/sluice-packs
pack=$packs/$index
unset GIT_DIR

fresh() {
  if [ "$index" = 0 ]; then rm -rf "$packs"; fi
  rm -rf "$pack"
  # A copy, for a buildpack writes its exports beside its programs.
  mkdir -p "$packs" "$SLUICE_PACK_CACHE" && cp -R "$SLUICE_PACK" "$pack" && chmod -R u+rwX "$pack"
}

exports_before() {
  before=0
  while [ "$before" -lt "$1" ]; do
    if [ -f "$packs/$before/export" ]; then . "$packs/$before/export"; fi
    before=$((before + 1))
  done
}

# One file per variable, which nobody else may read; the variables themselves are gone from here on.
write_variables() {
  variables=$packs/variables-$index
  rm -rf "$variables"
  mkdir -m 700 "$variables" || exit 125
  for name in $SLUICE_PACK_VARIABLES; do
    eval "printf '%s' \"\$SLUICE_PACK_V_$name\"" >"$variables/$name" || exit 125
    unset "SLUICE_PACK_V_$name"
  done
  trap 'rm -rf "$variables"; exit 143' HUP INT TERM
}

forget_names() {
  unset SLUICE_PACK SLUICE_PACK_NAME SLUICE_PACK_COUNT SLUICE_PACK_CACHE SLUICE_PACK_VARIABLES
}

case $program in
  command)
    exports_before "$2"
    eval "$3"
    ;;
  detect)
    name=$SLUICE_PACK_NAME
    if [ "$SLUICE_PACK_COUNT" -gt 1 ]; then
      printf '=====> Buildpack %s of %s: %s\n' "$((index + 1))" "$SLUICE_PACK_COUNT" "$name"
    fi
    fresh || exit 125
    exports_before "$index"
    forget_names
    if found=$("$pack/bin/detect" "$build"); then
      printf -- '-----> %s app detected\n' "$found"
    else
      status=$?
      if [ -n "$found" ]; then printf '%s\n' "$found"; fi
      printf ' !     The buildpack %s does not recognise this source.\n' "$name"
      # 125 is told from a "no".
      if [ "$status" = 125 ]; then exit 1; fi
      exit "$status"
    fi
    ;;
  compile)
    cache=$SLUICE_PACK_CACHE
    write_variables
    exports_before "$index"
    forget_names
    "$pack/bin/compile" "$build" "$cache" "$variables"
    status=$?
    rm -rf "$variables"
    exit "$status"
    ;;
  release)
    # Nothing but its own answer may stand in the output.
    exports_before "$index" >/dev/null
    forget_names
    # What it says beside its answer matters only when it fails.
    if ! "$pack/bin/release" "$build" 2>"$packs/said-$index"; then
      cat "$packs/said-$index" >&2
      exit 1
    fi
    ;;
esac

# Counts how often a step's command ran, and takes as long as HOLD_<step> says (seconds).
set -eu
echo "$1" >> "$COUNT_FILE"
eval "sleep \"\${HOLD_$1:-0}\""

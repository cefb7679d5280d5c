# Runs one block after another in this very shell, as a reader pastes them; the first failure ends it. See tests/docs/shells.py.
set -euo pipefail
while read -r job; do
  path=${job#*'"path": "'}
  source "${path%%'"'*}" </dev/null
  env -0 >"$EXPORTED"
  printf '\036\n'
done

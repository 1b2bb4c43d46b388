#!/bin/sh
# Starts relock under the pinned Python: relock.sh PYTHON RELOCK_PY ARGUMENTS...
set -eu
python=$1
shift
exec "$python" -B "$@"

#!/bin/sh
# Starts a script under the pinned Python: initrd_test.sh PYTHON SCRIPT ARGUMENTS...
set -eu
python=$1
shift
exec "$python" -B "$@"

#!/bin/bash
# Runs driver_tests on the Linux that builds it, through musl's loader:
#   driver_host_test.sh RUN LOADER PROGRAM DRIVER...
# DRIVERs are named <driver>_x86_64; RUN is //testing/boot:run.sh, which judges the report.
set -u

readonly run=$PWD/$1 loader=$PWD/$2 program=$PWD/$3
shift 3
readonly scenario=$TEST_TMPDIR/scenario drivers=$TEST_TMPDIR/drivers

mkdir "$drivers" || exit 2
for driver; do
  name=${driver##*/}
  cp "$driver" "$drivers/${name%_x86_64}.so" || exit 2
done
# Its name tells the loader that it is the library as well.
cp "$loader" "$TEST_TMPDIR/libc.so" || exit 2

printf '%s\n' 'exit success' 'ktap yes' 'seconds 50' "command $TEST_TMPDIR/libc.so" 'command --library-path' \
  "command $TEST_TMPDIR" "command $program" "command drivers=$drivers" >"$scenario"
exec "$run" "$scenario"

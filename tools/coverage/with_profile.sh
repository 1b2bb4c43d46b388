#!/bin/bash
# Runs a test of --config=coverage so that each of its processes leaves a profile among its outputs:
# for --run_under.
export LLVM_PROFILE_FILE=$TEST_UNDECLARED_OUTPUTS_DIR/%p.profraw
exec "$@"

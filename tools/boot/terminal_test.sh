#!/bin/bash
# Runs terminal_test.py with the pinned Python: terminal_test.sh PYTHON PROGRAM BOOT.
exec "$@"

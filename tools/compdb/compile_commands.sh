#!/bin/bash
# Starts compile_commands.py with the pinned Python.
exec "$1" "$2" "${@:3}"

#!/bin/bash
# Formats the C++ and Starlark files of the workspace in place: ./bazelw run //tools:format
set -eu

clang_format=$PWD/$1
buildifier=$PWD/$2
cd "$BUILD_WORKSPACE_DIRECTORY"

sources() {  # NAME_PATTERN...
  local pattern names=()
  for pattern in "$@"; do names+=(-o -name "$pattern"); done
  find . \( -path './bazel-*' -o -path './.?*' \) -prune -o -type f \( "${names[@]:1}" \) -print
}

mapfile -t cpp < <(sources '*.cc' '*.h' '*.c')
mapfile -t starlark < <(sources 'BUILD.bazel' 'WORKSPACE' '*.bzl' '*.BUILD')
"$clang_format" -i "${cpp[@]}"
"$buildifier" "${starlark[@]}"
echo "formatted ${#cpp[@]} C++ and ${#starlark[@]} Starlark files"

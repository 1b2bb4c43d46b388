#!/bin/sh
# Assembles a repository from unpacked Debian packages: assemble.sh TREE PLAN, in the repository.
# The plan has a line for each step; paths may be shell patterns and are relative to TREE:
#   drop PATH           leave a file or directory out
#   file PLACE PATH     copy a file, what a link leads to rather than the link
#   tree PLACE PATH     move a file or directory; PLACE . puts a directory's contents here
#   without-build-files remove the packages' own BUILD, WORKSPACE and MODULE files
# Needs no more than busybox.
set -eu
tree=$1
plan=$2

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

find_one() { # PATTERN: the one path in the tree it stands for
  set -- "$1" "$tree"/$1
  [ $# -eq 2 ] && [ -e "$2" ] || fail "no such file in the packages, or several: $1"
  printf '%s\n' "$2"
}

# Bazel unpacks an absolute link as one into $PWD/TREE; relative ones survive the moves below.
absolute_tree=$(cd "$tree" && pwd)
physical_tree=$(cd "$tree" && pwd -P)
find "$tree" -type l | while IFS= read -r link; do
  target=$(readlink "$link")
  case $target in
    "$absolute_tree"/*) target=${target#"$absolute_tree"} ;;
    "$physical_tree"/*) target=${target#"$physical_tree"} ;;
    /*) ;;
    *) continue ;;
  esac
  directory=${link#"$tree"/}
  up=
  while [ "$directory" != "${directory#*/}" ]; do
    directory=${directory#*/}
    up=../$up
  done
  ln -sfn "$up${target#/}" "$link"
done

while read -r step place path; do
  case $step in
    drop)
      rm -rf "$tree"/$place
      ;;
    file)
      mkdir -p "${place%/*}"
      found=$(find_one "$path")
      cp -L "$found" "$place"
      ;;
    tree)
      found=$(find_one "$path")
      case $place in
        .) mv "$found"/* . ;;
        */*) mkdir -p "${place%/*}" && mv "$found" "$place" ;;
        *) mv "$found" "$place" ;;
      esac
      ;;
    without-build-files)
      find "$tree" -type f '(' -name BUILD -o -name BUILD.bazel -o -name 'WORKSPACE*' -o -name MODULE.bazel ')' \
        -exec rm -f '{}' +
      ;;
    *)
      fail "$plan: unknown step: $step"
      ;;
  esac
done < "$plan"

rm -rf "$tree"
# Links to files that were not wanted.
find . -type l | while IFS= read -r link; do
  [ -e "$link" ] || rm -f "$link"
done

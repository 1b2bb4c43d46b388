#!/bin/bash
# A layout is a header and a rule: no other file of the tree names it.
#   alone_test.sh SOURCE_TREE LAYOUT FOLDER
set -u

tree=$1 layout=$2 folder=$3
# The folder is there, and names it.
grep -Rlw "layouts::$layout" "$tree/cpp/$folder" >/dev/null || { echo "FAILED: $folder has no $layout"; exit 1; }
files=$(find -L "$tree" -type f | grep -c .)
((files > 500)) || { echo "FAILED: only $files files of the tree are here"; exit 1; }
# As a part of a word, too.
if grep -RIl "$layout" "$tree" | grep -v "/$folder/"; then
  echo "FAILED: these files name $layout"
  exit 1
fi
mapfile -t own < <(find -L "$tree" -type f -path "*/$folder/*" -name '*.h')
((${#own[@]} == 1)) || { echo "FAILED: it takes more than a header: ${own[*]}"; exit 1; }
echo "none of $files files names $layout, but its header and its rule"

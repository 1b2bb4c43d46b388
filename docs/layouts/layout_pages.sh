#!/bin/bash
# Writes the pages of the layouts: ./bazelw run //tools:layout_pages
set -eu

if [[ ${1-} == --help ]]; then
  echo "usage: bazelw run //tools:layout_pages"
  echo "Makes docs/layouts/*.md and *.svg anew from the tables in layouts/."
  exit 0
fi

pages=$BUILD_WORKSPACE_DIRECTORY/docs/layouts
for made; do
  if cmp -s "$made" "$pages/${made##*/}"; then
    echo "as it was: docs/layouts/${made##*/}"
  else
    cp --no-preserve=mode "$made" "$pages/${made##*/}"
    echo "written:   docs/layouts/${made##*/}"
  fi
done

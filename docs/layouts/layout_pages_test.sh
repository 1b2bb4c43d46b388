#!/bin/bash
# The pages in the tree are those made from the tables: layout_pages_test.sh MADE...
set -u

status=0
for made; do
  diff -u "docs/layouts/${made##*/}" "$made" || status=1
done
[[ $status == 0 ]] || echo "A table has changed, its page has not. To write the pages: ./bazelw run //tools:layout_pages"
exit "$status"

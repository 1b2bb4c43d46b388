#!/bin/bash
# The nginx configuration in the documentation is the one that the check uses: documentation_test.sh CONFIGURATION PAGE.
shown=$(sed -n '/^```nginx$/,/^```$/p' "$2" | sed '1d;$d')
diff <(printf '%s\n' "$shown") "$1"

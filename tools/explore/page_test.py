"""Looks at the pages of really booted images in a headless Chromium:

    page_test.py EXPLORE LAYOUT_OF_X86_64_LFOS LAYOUT_OF_ARM_KORA

What a page must show is what the layouts say, not what the page has in it. Without a Chromium (ATLAS_CHROMIUM, or
`chromium` on the PATH) nothing is tested and the test says so; where CI=true it fails.
"""

import os
import shutil
import sys
import unittest

from page_access import PageAccess  # the tests, which unittest finds here
from page_case import PageCase
from page_content import PageContent


def main():
    program = os.environ.get("ATLAS_CHROMIUM") or shutil.which("chromium")
    if program is None:
        must_run = os.environ.get("CI") == "true"
        print(f"{'FAILED' if must_run else 'SKIPPED'}: no Chromium here, nothing was tested. Debian's package is `chromium`; or "
              "name the program: ./bazelw test --test_env=ATLAS_CHROMIUM=/path //tools/explore:page_test")
        sys.exit(1 if must_run else 0)
    PageCase.start(program, *map(os.path.abspath, sys.argv[1:]))
    try:
        unittest.main(argv=sys.argv[:1], verbosity=2)
    finally:
        PageCase.finish()


if __name__ == "__main__":
    main()

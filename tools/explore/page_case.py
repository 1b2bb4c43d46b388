"""What the tests of a page share: pages of really booted images, and a headless Chromium that shows them."""

import json
import os
import subprocess
import unittest

import page_scripts
from chromium import Chromium

WIDE, HEIGHT = 1400, 900
MOST_TABS = 400


def read_layout(path):
    with open(path, encoding="utf-8") as file:
        (table,) = json.load(file)
    return table


class PageCase(unittest.TestCase):
    """`start` comes before all tests, `finish` after them."""

    @classmethod
    def start(cls, program, explore, lfos_layout, kora_layout):
        cls.directory = os.environ["TEST_TMPDIR"]
        cls.explore = explore
        cls.lfos = cls.make("lfos.html", "--image=x86_64_lfos")
        cls.pair = cls.make("pair.html", "--image=arm_kora", "--image=x86_64_kora")
        cls.layout = read_layout(lfos_layout)
        cls.kora = read_layout(kora_layout)
        cls.browser = Chromium(program)

    @classmethod
    def finish(cls):
        cls.browser.close()

    @classmethod
    def make(cls, name, *options):
        path = os.path.join(cls.directory, name)
        subprocess.run([cls.explore, *options, "--output=" + path], check=True)
        return path

    @classmethod
    def write(cls, name, text):
        """A page of the test's own."""
        path = os.path.join(cls.directory, name)
        with open(path, "w", encoding="utf-8") as page:
            page.write(text)
        return path

    @classmethod
    def region(cls, name):
        return next(region for region in cls.layout["regions"] if region["name"] == name)

    @classmethod
    def link_to_code(cls):
        """To the first page of the kernel's code."""
        return f"#{cls.layout['image_link_base']}-{cls.layout['image_link_base']}"

    @classmethod
    def link_to_many(cls):
        """To the pages of 2 MiB in the direct map: to all, as no single one has both addresses."""
        first = int(cls.region("direct")["first"], 16)
        return f"#{first + (4 << 20):#x}-{first + (8 << 20):#x}"

    def open(self, path, fragment=""):
        self.browser.resize(WIDE, HEIGHT)
        self.browser.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
        self.browser.open("file://" + path + fragment)
        self.path = path

    def tearDown(self):
        """Whatever a test did: no message, no exception, and nothing was asked of a network."""
        self.browser.run("1")
        for event in self.browser.events:
            method, parameters = event.get("method"), event.get("params")
            self.assertNotIn(method, ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"], parameters)
            if method == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                self.assertTrue(url.startswith(("file://" + self.path, "data:", "about:")), url)

    def rows(self, pane=0):
        """The rows of the table of parts, by column."""
        return self.browser.run(f"({page_scripts.ROWS})({pane})")

    def definitions(self):
        return self.browser.run(f"({page_scripts.DEFINITIONS})()")

    def focused(self):
        """The name of the focused element."""
        return self.browser.run("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")

    def go_to(self, beginning):
        """Moves along a bar to the part whose name begins so."""
        first = self.focused()
        while not self.focused().startswith(beginning):
            self.browser.press("ArrowRight")
            self.assertNotEqual(self.focused(), first, f"no part {beginning}")

    def tab_to(self, what, is_there):
        """Presses Tab until the expression `is_there` is true."""
        for _ in range(MOST_TABS):
            self.browser.press("Tab")
            if self.browser.run(is_there):
                return
        self.fail(f"no Tab leads to a {what}")

    def tab_to_bar(self):
        self.tab_to("bar", "document.activeElement.closest('.bar') !== null")

    def search(self, text):
        self.browser.run("document.getElementById('query').value = ''; document.getElementById('query').focus()")
        self.browser.write(text)
        self.browser.press("Enter")
        return self.browser.run("document.getElementById('answer').innerText")

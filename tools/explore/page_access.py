"""Whether all can use a page: by keyboard, by ear, in light and dark, on a narrow screen, without motion."""

import re

import page_scripts
from page_case import HEIGHT, PageCase

NARROW = 320
# Of ink on paper, for text of ordinary size: Web Content Accessibility Guidelines 2.2, 1.4.3.
LEAST_CONTRAST = 4.5


class PageAccess(PageCase):
    def test_contrast(self):
        for scheme, toggled in [("light", False), ("dark", False), ("light", True)]:
            grounds = set()
            for path, fragment in [(self.lfos, ""), (self.lfos, self.link_to_code()), (self.pair, "")]:
                self.open(path, fragment)
                self.browser.prefer(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
                if toggled:
                    self.browser.run("document.getElementById('theme').click()")
                self.browser.run("document.querySelectorAll('[hidden]').forEach((one) => { one.hidden = false })")
                self.search("nothing of this kind")
                seen = self.browser.run(f"({page_scripts.CONTRASTS})()")
                self.assertGreater(len(seen), 100)
                for one in seen:
                    self.assertGreaterEqual(one["contrast"], LEAST_CONTRAST, (scheme, toggled, one))
                grounds.add(self.browser.run("getComputedStyle(document.body).backgroundColor"))
            (ground,) = grounds
            is_dark = scheme == "dark" or toggled
            self.assertEqual(sum(map(int, re.findall(r"\d+", ground)[:3])) < 3 * 128, is_dark, ground)

    def test_everything_is_reached_and_named(self):
        for path, fragment in [(self.lfos, ""), (self.lfos, self.link_to_many()), (self.pair, "")]:
            self.open(path, fragment)
            wanted = self.browser.run(f"({page_scripts.MARK_STOPS})()")
            self.assertGreater(len(wanted), 20)
            for _ in range(len(wanted) + 1):
                self.browser.press("Tab")
                self.browser.run("document.activeElement.dataset.reached = 'yes'")
                self.assertTrue(self.browser.run(f"({page_scripts.SHOWS_FOCUS})()"), self.focused())
            missed = self.browser.run(f"({page_scripts.MISSED_STOPS})()")
            self.assertEqual(missed, [])
            # What no Tab stops at is another part of a bar that has a stop.
            self.assertEqual(self.browser.run(f"({page_scripts.WITHOUT_STOP})()"), [])
            nodes = self.browser.accessible_nodes()
            for node in nodes:
                if node["focusable"] and node["role"] not in ("main", "generic", "RootWebArea"):
                    self.assertNotEqual(node["name"].strip(), "", node)
            roles = [node["role"] for node in nodes]
            for role in ("banner", "main", "contentinfo", "search", "toolbar", "table", "columnheader", "rowheader", "status"):
                self.assertIn(role, roles)
            self.assertEqual(self.browser.run(f"({page_scripts.STRUCTURE_FAULTS})()"), [])

    def test_skip_link(self):
        link = f"#{self.region('direct')['first']}-{self.region('direct')['last']}"
        self.open(self.lfos, link)
        self.browser.press("Tab")
        self.assertEqual(self.focused(), "Skip to the address space")
        self.browser.press("Enter")
        self.assertEqual(self.browser.run("document.activeElement.id"), "main")
        self.assertEqual(self.browser.run("location.hash"), link)

    def test_less_motion(self):
        for preference, moves in [("reduce", False), ("no-preference", True)]:
            self.open(self.lfos)
            self.browser.prefer(prefers_reduced_motion=preference)
            self.tab_to_bar()
            self.browser.press("Enter")
            self.assertEqual(self.browser.run("document.getAnimations().length > 0"), moves, preference)

    def test_narrow(self):
        for path, fragment in [(self.lfos, ""), (self.lfos, self.link_to_code()), (self.lfos, self.link_to_many()), (self.pair, "")]:
            self.open(path, fragment)
            self.browser.resize(NARROW, HEIGHT)
            self.assertLessEqual(self.browser.run("document.scrollingElement.scrollWidth"), NARROW, fragment)

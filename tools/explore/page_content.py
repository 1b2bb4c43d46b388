"""What a page shows: that of the machine, as its layout demands."""

import json
import re

import page_scripts
from page_case import PageCase

PAGE = 4096
# What the page has of one machine.
DUMP = re.compile(r'<script type="application/json" class="dump">.*?</script>', re.DOTALL)


class PageContent(PageCase):
    def test_every_region_is_there(self):
        self.open(self.lfos)
        shown = [(row["region"], row["first"], row["last"]) for row in self.rows()]
        names = self.browser.run("[...document.querySelectorAll('.part')].map((part) => part.getAttribute('aria-label'))")
        for region in self.layout["regions"]:
            self.assertIn((region["name"], region["first"], region["last"]), shown)
            label = f"{region['name']}, {region['first']} – {region['last']}, "
            self.assertTrue(any(name.startswith(label) for name in names), label)
        # Nothing is left out between them.
        edges = [(int(row["first"], 16), int(row["last"], 16)) for row in self.rows()]
        self.assertEqual(edges[0][0], 0)
        self.assertEqual(edges[-1][1], 2**64 - 1)
        for (_, last), (first, _) in zip(edges, edges[1:]):
            self.assertEqual(last + 1, first)

    def check_first_page_of_code(self):
        (row,) = self.rows()
        wanted = {
            "region": "image",
            "first": self.layout["image_link_base"],
            "last": f"{int(self.layout['image_link_base'], 16) + PAGE - 1:#018x}",
            "size": "4 KiB",
            "mapped": "all",
            "user": "---",
            "kernel": "r-x",
            "page size": "4 KiB",
            "physical": self.layout["image_load_base"],
            "caching": "write-back",
            "scope": "global",
        }
        self.assertEqual(row, wanted)
        here = self.definitions()
        self.assertEqual(here["in"], "image")
        self.assertEqual(here["kernel may"], "read and execute (r-x)")
        self.assertEqual(here["user mode may"], "nothing (---)")
        self.assertEqual(here["physical"], self.layout["image_load_base"])
        self.assertEqual(here["service"], "kernel image")

    def test_keys_lead_to_a_single_page_and_back(self):
        self.open(self.lfos)
        self.tab_to_bar()
        self.go_to("image, ")
        self.browser.press("Enter")
        self.go_to("kernel may read and execute, ")
        self.browser.press("Enter")
        self.assertTrue(self.focused().startswith(f"kernel may read and execute, user mode may nothing, "
                                                  f"{self.layout['image_link_base']} – "), self.focused())
        self.browser.press("Enter")
        self.check_first_page_of_code()
        self.assertIn("a single page", self.browser.run("document.getElementById('status').innerText"))
        # A link to it.
        fragment = self.browser.run("location.hash")
        self.assertTrue(fragment.startswith("#" + self.layout["image_link_base"]), fragment)
        self.open(self.lfos, fragment)
        self.check_first_page_of_code()
        self.tab_to_bar()
        self.browser.press("Escape")
        self.browser.press("Backspace")
        self.assertTrue(self.focused().startswith("kernel may read and execute, "), self.focused())
        self.browser.press("Escape")
        self.assertTrue(self.focused().startswith("image, "), self.focused())
        self.browser.press("End")
        self.browser.press("ArrowRight")
        self.assertTrue(self.focused().startswith("unused, 0x0000000000000000 "), self.focused())
        self.go_to("direct, ")
        self.browser.press("Enter")
        self.browser.press("Enter")
        self.browser.press("Home")
        self.assertEqual(self.browser.run("location.hash"), "")
        self.assertEqual(len(self.rows()), len(self.browser.run("[...document.querySelectorAll('.part')].map(() => 0)")))

    def test_links_that_are_wrong_show_the_whole_space(self):
        for fragment in ["#main", "#0x0-", "#0x5-0x4", "#0xfffffffffffffffff-0x0", "#%", "#<b>", "#" + "0" * 1000]:
            self.open(self.lfos, fragment)
            self.assertGreater(len(self.rows()), len(self.layout["regions"]), fragment)

    def test_search(self):
        direct, heap = self.region("direct"), self.region("heap")
        inside = int(direct["first"], 16) + 0x1234567
        target = int(self.layout["direct_map_target"], 16) + 0x1234567
        above_stacks = int(self.region("stack")["last"], 16) + 1
        beyond = int(direct["first"], 16) - 1
        unused = sum(region["name"] == "unused" for region in self.layout["regions"])
        rows = {
            f"{inside:#x}": [f"{inside:#018x} is in the page at ", "kernel rw-", f"physical {target:#018x}, in region direct"],
            f"{inside:X}": [f"physical {target:#018x}"],
            heap["first"]: [f"{heap['first']} is not mapped, in region heap"],
            f"{beyond:#x}": ["is not mapped, in region unused"],
            f"{above_stacks:#x}": ["is not mapped, in no region"],
            f"{1 << 47:#x}": ["is no address: the processor has 48 address bits"],
            "HEAP": [f"heap is a region: {heap['first']} – {heap['last']}"],
            "unused": [f"unused is the first of {unused} regions of that name"],
        }
        self.open(self.lfos)
        for text, wanted in rows.items():
            answer = self.search(text)
            for part in wanted:
                self.assertIn(part, answer, text)
            self.assertEqual(self.browser.run("document.getElementById('query').getAttribute('aria-invalid')"), "false")
        before = self.browser.run("location.hash")
        for text, wanted in {
            "": "Type an address in hexadecimal, or the name of a region.",
            "0x": "“0x” is neither an address in hexadecimal",
            "-1": "“-1” is neither an address",
            "<b>image": f"“<b>image” is neither an address in hexadecimal, such as {direct['first']}, nor a region: unused, text,",
            "0x10000000000000000": "is no address: the last one is 0xffffffffffffffff",
        }.items():
            self.assertIn(wanted, self.search(text))
            self.assertEqual(self.browser.run("document.getElementById('query').getAttribute('aria-invalid')"), "true")
        self.assertEqual(self.browser.run("location.hash"), before)

    def test_two_images(self):
        self.open(self.pair)
        rows = self.browser.run(f"({page_scripts.COMPARISON})()")
        self.assertEqual([row[0] for row in rows], [region["name"] for region in self.kora["regions"]])
        for row, region in zip(rows, self.kora["regions"]):
            for cell in row[1:3]:
                self.assertIn(f"user {region['user']} kernel {region['kernel']}", cell)
                self.assertRegex(cell, f"0x0*{int(region['first'], 16):x} – 0x0*{int(region['last'], 16):x}")
        # One table for both; what they have mapped is their own.
        by_name = {row[0]: row[3] for row in rows}
        self.assertEqual(by_name["user"], "none")
        self.assertRegex(by_name["vmalloc"], "^mapped: .+ / .+$")
        # Both zoom, each to its own region of the name.
        self.tab_to_bar()
        self.go_to("direct, ")
        self.browser.press("Enter")
        direct = next(region for region in self.kora["regions"] if region["name"] == "direct")
        for pane in (0, 1):
            self.assertEqual(int(self.rows(pane)[0]["first"], 16), int(direct["first"], 16))
            self.assertEqual(int(self.rows(pane)[-1]["last"], 16), int(direct["last"], 16))
        self.assertIn(",", self.browser.run("location.hash"))
        answer = self.search("0x100000000")
        self.assertIn("arm_kora: “0x100000000” is no address: the last one is 0xffffffff", answer)
        self.assertIn("x86_64_kora: 0x0000000100000000 is not mapped, in no region", answer)

    def test_two_layouts(self):
        with open(self.lfos, encoding="utf-8") as page, open(self.pair, encoding="utf-8") as pair:
            (lfos_dump,) = DUMP.findall(page.read())
            text = DUMP.sub(lambda _: lfos_dump, pair.read(), count=1)
        self.open(self.write("layouts.html", text))
        left, right = [], []
        for found, layout in [(left, self.layout), (right, self.kora)]:
            for region in layout["regions"]:
                # Names may repeat: the first is compared with the first, and so on.
                number = sum(name == region["name"] for (name, _), _ in found)
                found.append(((region["name"], number), int(region["first"], 16)))
        left, right = dict(left), dict(right)
        wanted = sorted(left | right, key=lambda key: left.get(key, right.get(key)))
        rows = self.browser.run(f"({page_scripts.COMPARISON})()")
        self.assertEqual([row[0] for row in rows], [name for name, _ in wanted])
        for row, key in zip(rows, wanted):
            if key not in left:
                self.assertEqual((row[1], row[3]), ("not there", "only in x86_64_kora"))
            elif key not in right:
                self.assertEqual((row[2], row[3]), ("not there", "only in x86_64_lfos"))
            else:
                self.assertEqual("another place" in row[3], left[key] != right[key], row)
        # To a region that the other has not, and what the other has there.
        self.tab_to_bar()
        self.go_to("stack, ")
        self.browser.press("Enter")
        self.assertEqual(self.rows(0)[0]["first"], self.region("stack")["first"])
        self.assertEqual({row["region"] for row in self.rows(1)}, {"in no region"})

    def test_faults_are_marked(self):
        heap = self.region("heap")
        fault = {"fault": "user access", "region": "heap", "first": heap["first"], "last": heap["first"][:-3] + "fff",
                 "detail": "user r-- <i>"}
        with open(self.lfos, encoding="utf-8") as page:
            text, count = re.subn(r'"faults": \[\]', lambda _: f'"faults": [{json.dumps(fault)}]', page.read())
        self.assertEqual(count, 1)
        self.open(self.write("faulty.html", text))
        self.assertIn("! 1 fault found", self.browser.run("document.getElementById('findings').innerText"))
        marked = [row["region"] for row in self.rows() if row["faults"] == "! user access: user r-- <i>"]
        self.assertEqual(marked, ["heap"])
        self.assertTrue(self.browser.run("document.querySelector('.part.faulty .name').innerText").startswith("! heap"))
        self.tab_to("fault", f"document.activeElement.innerText === '{fault['first']} – {fault['last']}'")
        self.browser.press("Enter")
        self.assertEqual(self.definitions()["first"], heap["first"])

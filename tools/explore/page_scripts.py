"""What page_test.py asks of a page, in JavaScript: functions, to be called."""

# The table of parts of a pane: a row is an object with the columns' names.
ROWS = r"""(pane) => {
  const table = document.querySelectorAll(".pane")[pane].querySelector("table.parts");
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.innerText);
  return [...table.tBodies[0].rows].map((row) =>
    Object.fromEntries([...row.cells].map((cell, index) => [names[index], cell.innerText.trim()])));
}"""

# Terms and what they say; of a term that is there twice, the first.
DEFINITIONS = r"""() => Object.fromEntries([...document.querySelectorAll(".definitions div")].reverse().map((row) =>
  [row.querySelector("dt").innerText, row.querySelector("dd").innerText]))"""

COMPARISON = r"""() => [...document.querySelectorAll("#regions tbody tr")].map((row) =>
  [...row.cells].map((cell) => cell.innerText.trim()))"""

# Every element with text of its own that is seen: the least contrast with what may be behind it. Behind it are the nearest
# opaque colour and each colour of a pattern in front of that. The formulas are those of WCAG 2.2 for relative luminance
# and contrast ratio.
CONTRASTS = r"""() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const readColour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    const found = [];
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      for (const colour of style.backgroundImage.match(/(rgb|color|oklab|lab)a?\([^)]*\)/g) ?? []) {
        found.push(readColour(colour));
      }
      const ground = readColour(style.backgroundColor);
      if (ground[3] === 255) return [...found, ground];
      if (style.backgroundImage !== "none") return found;
    }
    return [...found, readColour("white")];
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  const seen = [...document.body.querySelectorAll("*")].filter((element) => hasText(element) && element.checkVisibility() &&
    !element.closest(".visually-hidden, script, style, noscript"));
  return seen.map((element) => {
    const ink = readColour(getComputedStyle(element).color);
    return { text: element.innerText.slice(0, 40), tag: element.tagName, parent: element.parentElement.className,
      contrast: Math.min(...behind(element).map((ground) => contrast(ink, ground))) };
  });
}"""

_STOPS = """[...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")].filter((one) =>
  one.checkVisibility() && !one.disabled && one.tabIndex >= 0)"""

MARK_STOPS = f"() => {_STOPS}.map((one) => one.outerHTML.slice(0, 80))"

MISSED_STOPS = f"() => {_STOPS}.filter((one) => !one.dataset.reached).map((one) => one.outerHTML.slice(0, 200))"

WITHOUT_STOP = r"""() => [...document.querySelectorAll("button, input, a[href]")].filter((one) => one.checkVisibility() &&
  one.tabIndex < 0 && !one.closest(".bar")?.querySelector('[tabindex="0"]')).map((one) => one.outerHTML.slice(0, 200))"""

# Whether one sees where the focus is.
SHOWS_FOCUS = r"""() => {
  const style = getComputedStyle(document.activeElement);
  return document.activeElement === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""

STRUCTURE_FAULTS = r"""() => {
  const faults = [];
  if (document.documentElement.lang !== "en") faults.push("no language");
  if (!document.title.startsWith("Page tables of ")) faults.push("title: " + document.title);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) faults.push("an id is there twice");
  for (const name of ["aria-labelledby", "aria-describedby", "for"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      if (!document.getElementById(one.getAttribute(name))) faults.push(`${name}=${one.getAttribute(name)}`);
    }
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  let level = 1;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (!heading.checkVisibility()) continue;
    const next = Number(heading.tagName[1]);
    if (next > level + 1) faults.push("a level is left out before " + heading.innerText);
    level = next;
  }
  for (const table of document.querySelectorAll("table")) {
    if (table.checkVisibility() && !table.caption) faults.push("a table without a caption");
  }
  for (const cell of document.querySelectorAll("th")) {
    if (!cell.scope) faults.push("a heading without a scope");
  }
  return faults;
}"""

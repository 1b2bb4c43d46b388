// The page's state: where each machine is zoomed to, which is in the address after the #.

class Pane {
  constructor(space, onZoom) {
    this.space = space;
    this.onZoom = onZoom;
    this.path = space.path(space.whole);
    this.section = element("section", { className: "pane", "aria-label": space.title });
  }

  render() {
    this.section.replaceChildren(element("h2", {}, this.space.title), ladder(this),
      element("div", { className: "texts" }, details(this), partTable(this)));
    fitWedges(this.section);
  }

  // The part that has the bar's tab stop: the one that was zoomed out of, else the first.
  focused(parts) {
    const place = parts.findIndex((part) => this.left && isSame(part, this.left));
    return Math.max(place, 0);
  }

  // Shows a range without moving the focus.
  place(range) {
    this.path = this.space.path(range);
    this.left = undefined;
    this.render();
  }

  show(range) {
    this.place(range);
    this.#zoomed();
  }

  enter(depth, part) {
    this.path = [...this.path.slice(0, depth + 1), part];
    this.left = undefined;
    this.#zoomed();
  }

  zoomTo(depth) {
    this.left = this.path[depth + 1] ?? this.left;
    this.path = this.path.slice(0, depth + 1);
    this.#zoomed();
  }

  #zoomed() {
    this.render();
    const step = this.section.querySelector(".ladder > li:last-child");
    (step.querySelector('.bar [tabindex="0"]') ?? step.querySelector(".translation")).focus();
    this.onZoom(this);
  }

  describe() {
    const step = this.path.at(-1);
    const parts = this.space.parts(step).length;
    const inside = step.region && step.type !== "region" ? `${step.region.name}: ` : "";
    return `${inside}${partLabel(this.space, step)}, ${parts ? countText(parts, "part", "parts") : "a single page"}`;
  }
}

// The region or the address that is asked for, or what is wrong with it.
function readQuery(space, text) {
  const named = space.regions.filter((region) => region.name.toLowerCase() === text.toLowerCase());
  if (named.length > 0) {
    const which = named.length > 1 ? `the first of ${named.length} regions of that name` : "a region";
    return { range: named[0], says: `${named[0].name} is ${which}: ${space.rangeText(named[0])}` };
  }
  if (!/^(0x)?[0-9a-f]+$/i.test(text)) {
    const names = distinct(space.regions.map((region) => region.name)).join(", ");
    const example = space.address(space.regions.at(-1).first);
    return { problem: `“${text}” is neither an address in hexadecimal, such as ${example}, nor a region: ${names}` };
  }
  const address = BigInt(`0x${text.replace(/^0x/i, "")}`);
  if (address > space.whole.last) {
    return { problem: `“${text}” is no address: the last one is ${space.address(space.whole.last)}` };
  }
  return lookUp(space, address);
}

function lookUp(space, address) {
  const place = space.declarationOf(address);
  const at = space.address(address);
  if (place.type === "hole") {
    return { range: place, says: `${at} is no address: the processor has ${space.addressBits} address bits` };
  }
  const where = place.region ? `in region ${place.region.name}` : "in no region";
  const run = space.runOf(address);
  const page = space.pageAt(address);
  if (!run) return { range: page, says: `${at} is not mapped, ${where}` };
  return {
    range: page,
    says: `${at} is in the page at ${space.address(page.first)} (${sizeText(run.pageBytes)}, user ${run.user}, ` +
      `kernel ${run.kernel}), physical ${space.address(space.physical(address))}, ${where}`,
  };
}

const byId = (id) => document.getElementById(id);

function startSearch(panes) {
  byId("search").onsubmit = (event) => {
    event.preventDefault();
    const text = byId("query").value.trim();
    const answers = panes.map((pane) => (text === ""
      ? { problem: "Type an address in hexadecimal, or the name of a region." }
      : readQuery(pane.space, text)));
    const isBad = answers.every((answer) => answer.problem);
    byId("query").setAttribute("aria-invalid", isBad);
    panes.forEach((pane, index) => {
      if (answers[index].range) pane.place(answers[index].range);
    });
    const texts = distinct(answers.map((answer, index) => {
      const says = answer.problem ?? answer.says;
      return panes.length > 1 && text !== "" ? `${panes[index].space.title}: ${says}` : says;
    }));
    byId("answer").replaceChildren(...texts.map((says) => element("span", {}, `${says}. `.replace(/\.\. $/, ". "))));
    byId("answer").classList.toggle("problem", isBad);
    if (!isBad) writeFragment(panes);
  };
}

function writeFragment(panes) {
  const ranges = panes.map((pane) => pane.path.at(-1));
  const isAllWhole = panes.every((pane) => pane.path.length === 1);
  const fragment = isAllWhole ? "" : `#${ranges.map((range, index) =>
    `${panes[index].space.address(range.first)}-${panes[index].space.address(range.last)}`).join(",")}`;
  if (fragment !== location.hash) history.pushState(null, "", fragment || location.pathname);
}

// What a link asks for; a link that cannot be read shows the whole space.
function readFragment(panes) {
  const texts = location.hash.slice(1).split(/,|%2C/i);
  panes.forEach((pane, index) => {
    const read = /^(0x[0-9a-f]{1,16})-(0x[0-9a-f]{1,16})$/i.exec(texts[index] ?? "");
    const range = read ? { first: BigInt(read[1]), last: BigInt(read[2]) } : pane.space.whole;
    const isInside = range.first <= range.last && range.last <= pane.space.whole.last;
    pane.place(isInside ? range : pane.space.whole);
  });
}

function startTheme() {
  const button = byId("theme");
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const show = (dark) => button.setAttribute("aria-pressed", dark);
  show(isDark.matches);
  isDark.onchange = () => {
    if (!document.documentElement.dataset.theme) show(isDark.matches);
  };
  button.onclick = () => {
    const dark = button.getAttribute("aria-pressed") !== "true";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    show(dark);
  };
}

function listFaults(panes) {
  const items = panes.flatMap((pane) => pane.space.faults.map((fault) => element("li", {}, element("button", {
    type: "button",
    className: "link",
    onclick: () => pane.show(pane.space.pageAt(fault.first)),
  }, pane.space.rangeText(fault)),
  ` ${fault.region || "in no region"}: ${fault.fault}${fault.detail ? `: ${fault.detail}` : ""}`)));
  if (items.length === 0) return;
  byId("findings-title").textContent = `! ${countText(items.length, "fault", "faults")} found`;
  byId("findings-list").replaceChildren(...items);
  byId("findings").hidden = false;
}

function titleSpaces(spaces) {
  const isSameImage = spaces.length > 1 && spaces[0].image === spaces[1].image;
  for (const space of spaces) space.title = isSameImage ? `${space.image} (${space.machine})` : space.image;
  const names = spaces.map((space) => space.title).join(" and ");
  byId("title").textContent = `Page tables of ${names}`;
  document.title = `Page tables of ${names} – Atlas`;
  byId("facts").textContent = spaces.map((space) => `${space.form}, layout ${space.layout}: ${
    space.faults.length === 0 ? "as declared" : countText(space.faults.length, "fault", "faults")}`).join(" / ");
}

function start() {
  const spaces = [...document.querySelectorAll("script.dump")].map((dump) =>
    new AddressSpace(JSON.parse(dump.textContent)));
  titleSpaces(spaces);
  const panes = spaces.map((space) => new Pane(space, (zoomed) => {
    for (const pane of panes) {
      if (pane === zoomed || !byId("together").checked) continue;
      pane.place(besides(pane.space, zoomed.space, zoomed.path.at(-1)));
    }
    byId("status").textContent = zoomed.describe();
    writeFragment(panes);
  }));
  byId("panes").append(...panes.map((pane) => pane.section));
  byId("panes").className = panes.length > 1 ? "two" : "one";
  if (panes.length > 1) fillComparison(panes);
  listFaults(panes);
  startSearch(panes);
  startTheme();
  readFragment(panes);
  window.onpopstate = () => readFragment(panes);
  byId("skip").onclick = (event) => {
    event.preventDefault();
    byId("main").focus();
  };
  new ResizeObserver(() => panes.forEach((pane) => fitWedges(pane.section))).observe(byId("panes"));
}

start();

// The ladder: one bar for each zoom step, with the part that was entered opening into the bar below. Each bar is a
// toolbar of buttons with one tab stop, as the ARIA Authoring Practices have it.

// More parts than this are drawn as cells, row by row; than these where the page is narrow.
const MOST_IN_A_LINE = 64;
const MOST_IN_A_NARROW_LINE = 20;

// What a run looks like: by who may use it, then by what for.
function runKind(run) {
  if (run.user !== "---") return "user";
  if (run.cache !== "write-back" && run.cache !== "write-through") return "device";
  if (run.kernel.includes("x")) return "code";
  return run.kernel.includes("w") ? "data" : "constant";
}

function partKind(space, part) {
  if (part.type === "hole" || part.type === "undeclared") return part.type;
  if (part.run) return runKind(part.run);
  if (part.type !== "region") return part.region ? "empty" : "undeclared";
  if (part.region.service === "unused") return "unused";
  return part.region.user === "---" ? "kernel" : "process";
}

// Its name in a bar, a heading or a message.
function partTitle(space, part) {
  switch (part.type) {
    case "whole": return "Whole address space";
    case "hole": return "no such addresses";
    case "undeclared": return "in no region";
    case "region": return part.region.name;
    default: return part.run ? part.run.kernel : "not mapped";
  }
}

// All that a bar shows of a part, in words.
function partLabel(space, part) {
  const words = [partTitle(space, part), space.rangeText(part), sizeText(sizeOf(part))];
  if (part.run) {
    words[0] = `kernel may ${rightsWords(part.run.kernel)}, user mode may ${rightsWords(part.run.user)}`;
    words.push(`physical ${space.address(space.physical(part.first))}`);
  } else if (part.type !== "hole") {
    const bytes = space.mappedBytes(part);
    words.push(bytes === 0n ? "nothing mapped" : `${sizeText(bytes)} mapped`);
  }
  const faults = space.faultsIn(part).length;
  if (faults && part.type !== "hole") words.push(countText(faults, "fault", "faults"));
  return words.join(", ");
}

function weightOf(range) {
  let weight = 1;
  for (let pages = sizeOf(range) / SMALLEST_PAGE; pages > 1n; pages /= 2n) weight += 1;
  return weight;
}

// What a region has in it: a strip at its foot.
function contentStrip(space, part) {
  const strip = element("span", { className: "strip" });
  for (const run of space.runsIn(part)) {
    const piece = element("i", { className: runKind(run) });
    piece.style.flexGrow = weightOf(run);
    strip.append(piece);
  }
  return strip;
}

function partButton(space, part, place) {
  const faulty = part.type !== "hole" && space.faultsIn(part).length > 0;
  const button = element("button", {
    type: "button",
    className: `part ${partKind(space, part)}${faulty ? " faulty" : ""}`,
    "aria-label": partLabel(space, part),
    title: partLabel(space, part),
    tabIndex: -1,
  });
  button.style.flexGrow = weightOf(part);
  button.dataset.place = place;
  button.append(element("span", { className: "name" }, `${faulty ? "! " : ""}${partTitle(space, part)}`),
    element("span", { className: "size" }, sizeText(sizeOf(part))));
  if (part.type === "region") button.append(contentStrip(space, part));
  return button;
}

// The caption of a step, which is also the way back to it.
function stepCaption(pane, step, depth) {
  const { space } = pane;
  const parts = [partTitle(space, step)];
  if (step.region && step.type !== "region") parts.unshift(step.region.name);
  if (step.type === "page") parts.push("page");
  const isLast = depth === pane.path.length - 1;
  const caption = element("button", {
    type: "button",
    className: "caption",
    "aria-current": isLast ? "step" : undefined,
    onclick: () => pane.zoomTo(depth),
  }, element("b", {}, parts.join(" · ")), ` ${space.rangeText(step)}, ${sizeText(sizeOf(step))}`);
  return element("h3", {}, caption);
}

// The bar of a step's parts. `entered` is the one that the next step shows, if there is one.
function partBar(pane, step, depth) {
  const { space } = pane;
  const parts = space.parts(step);
  const entered = pane.path[depth + 1];
  const bar = element("div", {
    className: `bar${parts.length > MOST_IN_A_LINE ? " cells" : parts.length > MOST_IN_A_NARROW_LINE ? " many" : ""}`,
    role: "toolbar",
    "aria-label": `${partTitle(space, step)}: ${countText(parts.length, "part", "parts")}`,
    "aria-describedby": "keys",
  });
  bar.dataset.depth = depth;
  let current = 0;
  parts.forEach((part, place) => {
    const button = partButton(space, part, place);
    if (entered && isSame(part, entered)) {
      button.classList.add("entered");
      button.setAttribute("aria-current", "true");
      current = place;
    }
    button.onclick = () => pane.enter(depth, part);
    bar.append(button);
  });
  if (!entered) current = pane.focused(parts);
  bar.children[current].tabIndex = 0;
  return bar;
}

function pressKey(pane, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const bar = event.target.closest(".bar");
  const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Backspace") {
    pane.zoomTo(Math.max(pane.path.length - 2, 0));
  } else if (event.key === "Home") {
    pane.zoomTo(0);
  } else if (bar && event.key === "End") {
    focusPart(bar, bar.children.length - 1);
  } else if (bar && move) {
    const place = [...bar.children].indexOf(event.target);
    focusPart(bar, (place + move + bar.children.length) % bar.children.length);
  } else {
    return;
  }
  event.preventDefault();
}

function focusPart(bar, place) {
  for (const part of bar.children) part.tabIndex = -1;
  bar.children[place].tabIndex = 0;
  bar.children[place].focus();
}

// What joins a part with the bar that shows it larger.
const SVG = "http://www.w3.org/2000/svg";

function wedge(bar) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "wedge");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.append(document.createElementNS(SVG, "polygon"));
  svg.bar = bar;
  return svg;
}

// Widths are known only when the bars are on the page.
function fitWedges(root) {
  for (const svg of root.querySelectorAll(".wedge")) {
    const part = svg.bar.querySelector(".entered");
    const from = part.offsetLeft - svg.bar.offsetLeft;
    const width = svg.bar.offsetWidth;
    svg.setAttribute("viewBox", `0 0 ${width} 10`);
    svg.firstChild.setAttribute("points", `${from},0 ${from + part.offsetWidth},0 ${width},10 0,10`);
  }
}

function ladder(pane) {
  const list = element("ol", { className: "ladder", onkeydown: (event) => pressKey(pane, event) });
  pane.path.forEach((step, depth) => {
    const item = element("li", {}, stepCaption(pane, step, depth));
    if (pane.space.parts(step).length > 0) {
      const bar = partBar(pane, step, depth);
      item.append(bar);
      if (depth + 1 < pane.path.length) item.append(wedge(bar));
    } else {
      item.append(translation(pane.space, step));
    }
    list.append(item);
  });
  return list;
}

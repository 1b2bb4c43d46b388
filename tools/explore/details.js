// The texts of a step: what it is, and its parts as a table.

// A single page: from where to where.
function translation(space, page) {
  const target = space.physical(page.first);
  const box = element("div", { className: `translation ${partKind(space, page)}`, tabIndex: -1 });
  if (page.type === "hole") {
    box.append(`The processor has ${space.addressBits} address bits: the others are copies of the highest of these.`);
  } else if (target === undefined) {
    box.append(element("b", {}, space.address(page.first)), " is not mapped");
  } else {
    box.append(element("b", {}, space.address(page.first)), " shows physical ",
      element("b", { className: "physical" }, space.address(target)));
  }
  return box;
}

// Rows of a term and what it says; those that say nothing are left out.
function definitions(rows) {
  const list = element("dl", { className: "definitions" });
  for (const [term, text] of rows) {
    if (text === undefined) continue;
    list.append(element("div", {}, element("dt", {}, term), element("dd", {}, text)));
  }
  return list;
}

function mappedRows(space, part) {
  const { run } = part;
  if (!run) return [["mapped", mappedText(space, part)]];
  return [
    ["kernel may", `${rightsWords(run.kernel)} (${run.kernel})`],
    ["user mode may", `${rightsWords(run.user)} (${run.user})`],
    ["page size", sizeText(run.pageBytes)],
    ["physical", space.address(space.physical(part.first))],
    ["caching", run.cache],
    ["scope", run.scope],
  ];
}

// Of what the layout says: the row's words, the most that its pages may be.
function declaredRows(region) {
  return [
    ["service", region.service],
    ["kernel may at most", `${rightsWords(region.kernel)} (${region.kernel})`],
    ["user mode may at most", `${rightsWords(region.user)} (${region.user})`],
    ["caching", region.caching],
    ["scope", region.scope],
    ["guards", region.guards],
    ["grows", region.growth],
    ["why", region.why],
  ];
}

function details(pane) {
  const { space } = pane;
  const step = pane.path.at(-1);
  const box = element("section", { className: "details", "aria-label": "Here" });
  box.append(element("h3", {}, "Here"));
  if (step.type === "whole") {
    box.append(definitions([
      ["image", space.image], ["machine", space.machine], ["tables", `${space.form}, root ${space.root}`],
      ["layout", `${space.layout}, ${countText(space.regions.length, "region", "regions")}, digest ${space.digest}`],
      ["mapped", mappedText(space, step)], ...space.notes.map((note) => ["note", note]),
    ]));
    return box;
  }
  const place = step.region ? step.region.name : partTitle(space, space.declarationOf(step.first));
  box.append(definitions([
    ["in", place], ["first", space.address(step.first)], ["last", space.address(step.last)],
    ["size", sizeText(sizeOf(step))], ...(step.type === "hole" ? [] : mappedRows(space, step)),
    ["table entries", step.type === "hole" ? undefined : space.tableIndices(step.first).join(" · ")],
  ]));
  if (step.region) {
    box.append(element("h3", {}, `The layout on ${step.region.name}`), definitions(declaredRows(step.region)));
  }
  return box;
}

function mappedText(space, part) {
  const bytes = space.mappedBytes(part);
  if (bytes === 0n) return "nothing";
  return bytes === sizeOf(part) ? "all" : sizeText(bytes);
}

const COLUMNS = ["region", "first", "last", "size", "mapped", "user", "kernel", "page size", "physical", "caching",
  "scope", "faults"];

// The cells of a part. A part of several runs has each value that one of them has.
function cells(space, part) {
  const runs = part.run ? [part.run] : space.runsIn(part);
  const each = (value) => distinct(runs.map(value)).join(", ");
  const inOrder = runs.every((run, place) => place === 0 ||
    run.target - runs[place - 1].target === run.first - runs[place - 1].first);
  const first = runs[0] && space.physical(runs[0].first > part.first ? runs[0].first : part.first);
  const physical = first === undefined ? "" : inOrder ? space.address(first) : "scattered";
  const place = part.region ? part.region.name : partTitle(space, space.declarationOf(part.first));
  return [place, space.address(part.first), space.address(part.last), sizeText(sizeOf(part)),
    part.type === "hole" ? "" : mappedText(space, part), each((run) => run.user), each((run) => run.kernel),
    each((run) => sizeText(run.pageBytes)), physical, each((run) => run.cache), each((run) => run.scope), distinct(faultTexts(space, part)).join("; ")];
}

function faultTexts(space, part) {
  if (part.type === "hole") return [];
  return space.faultsIn(part).map((fault) => (fault.detail ? `${fault.fault}: ${fault.detail}` : fault.fault));
}

// A column that says nothing anywhere is left out.
function partTable(pane) {
  const { space } = pane;
  const depth = pane.path.length - 1;
  const step = pane.path.at(-1);
  const parts = space.parts(step);
  const shown = parts.length > 0 ? parts : [step];
  const rows = shown.map((part) => cells(space, part));
  const columns = COLUMNS.filter((_, column) => rows.some((row) => row[column] !== ""));
  const body = element("tbody", {}, ...shown.map((part, place) => element("tr", { className: partKind(space, part) },
    ...columns.map((name) => tableCell(pane, depth, part, name, rows[place][COLUMNS.indexOf(name)])))));
  const caption = `${partTitle(space, step)}: ${countText(shown.length, "row", "rows")}`;
  const table = element("table", { className: "parts" }, element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)))), body);
  return element("div", { className: "scroll", role: "region", tabIndex: 0, "aria-label": `Table, ${caption}` }, table);
}

function tableCell(pane, depth, part, name, text) {
  if (name !== "first") {
    const cell = element("td", { className: name.replace(" ", "-") }, text);
    if (name === "faults" && text) cell.prepend("! ");
    return cell;
  }
  const cell = element("th", { scope: "row" });
  if (isSame(pane.path.at(-1), part)) {
    cell.append(text);
  } else {
    cell.append(element("button", {
      type: "button",
      className: "link",
      "aria-label": `${text}, zoom in: ${partTitle(pane.space, part)}`,
      onclick: () => pane.enter(depth, part),
    }, text));
  }
  return cell;
}

// Two machines side by side: which regions they share, and what is different about these.

// The n-th region of a name: names may repeat.
function ordinalOf(space, region) {
  return space.regions.filter((one) => one.name === region.name).indexOf(region);
}

function counterpart(other, space, region) {
  return other.regions.filter((one) => one.name === region.name)[ordinalOf(space, region)];
}

// Pairs of regions, either of which may be missing, by address.
function pairRegions(one, other) {
  const pairs = one.regions.map((region) => [region, counterpart(other, one, region)]);
  for (const region of other.regions) {
    if (!counterpart(one, other, region)) pairs.push([undefined, region]);
  }
  const firstOf = ([left, right]) => (left ?? right).first;
  return pairs.sort((a, b) => (firstOf(a) < firstOf(b) ? -1 : firstOf(a) > firstOf(b) ? 1 : 0));
}

function liveRights(space, region) {
  const kinds = distinct(space.runsIn(region).map((run) => `user ${run.user} kernel ${run.kernel}`));
  return kinds.sort().join(", ") || "nothing mapped";
}

// What is different about a pair, in words.
function differences(one, other, [left, right]) {
  if (!left) return [`only in ${other.title}`];
  if (!right) return [`only in ${one.title}`];
  const found = [];
  const compare = (what, a, b) => {
    if (a !== b) found.push(`${what}: ${a} / ${b}`);
  };
  if (left.first !== right.first) found.push("another place");
  compare("size", sizeText(sizeOf(left)), sizeText(sizeOf(right)));
  for (const what of ["user", "kernel", "caching", "scope", "guards", "service"]) compare(what, left[what], right[what]);
  compare("mapped", mappedText(one, left), mappedText(other, right));
  compare("rights there", liveRights(one, left), liveRights(other, right));
  return found;
}

function regionCell(pane, region) {
  if (!region) return element("td", { className: "missing" }, "not there");
  const { space } = pane;
  return element("td", {}, element("button", {
    type: "button",
    className: "link",
    "aria-label": `${pane.space.title}: ${region.name}, ${space.rangeText(region)}, zoom in`,
    onclick: () => pane.show(region),
  }, space.rangeText(region)), element("br"),
  `${sizeText(sizeOf(region))}, user ${region.user} kernel ${region.kernel}, `,
  `${mappedText(space, region)} mapped`);
}

function fillComparison([one, other]) {
  const heads = ["region", one.space.title, other.space.title, "difference"];
  const pairs = pairRegions(one.space, other.space);
  let different = 0;
  const rows = pairs.map((pair) => {
    const found = differences(one.space, other.space, pair);
    if (found.length > 0) ++different;
    return element("tr", { className: found.length > 0 ? "different" : "" },
      element("th", { scope: "row" }, (pair[0] ?? pair[1]).name),
      regionCell(one, pair[0]), regionCell(other, pair[1]),
      element("td", {}, found.length === 0 ? "none" : element("ul", {}, ...found.map((text) => element("li", {}, text)))));
  });
  document.getElementById("regions").replaceChildren(
    element("caption", {}, `Regions that differ: ${different} of ${pairs.length}`),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows));
  document.getElementById("comparison-title").textContent = "Regions compared";
  document.getElementById("comparison").hidden = false;
}

// What to show of `other` beside a range of `space`: the same range where both have the same region, else the region of
// that name, else what is at that address.
function besides(other, space, range) {
  if (space.isWhole(range)) return other.whole;
  const place = space.declarationOf(range.first);
  const region = place.region && counterpart(other, space, place.region);
  if (!region) {
    return range.first <= other.whole.last ? other.declarationOf(range.first) : other.whole;
  }
  return isSame(region, place.region) ? range : region;
}

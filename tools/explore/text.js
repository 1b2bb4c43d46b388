// Words and elements.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

// "4 KiB"; exact where the unit divides the size, else to one decimal, with a sign that says so.
function sizeText(bytes) {
  let unit = 0;
  let scale = 1n;
  while (unit + 1 < UNITS.length && bytes >= scale * 1024n) {
    scale *= 1024n;
    ++unit;
  }
  const whole = bytes / scale;
  if (bytes % scale === 0n) return `${whole} ${UNITS[unit]}`;
  // What the next smaller unit says exactly in four digits is not rounded.
  const smaller = scale / 1024n;
  if (bytes % smaller === 0n && whole < 10n) return `${bytes / smaller} ${UNITS[unit - 1]}`;
  const tenths = (bytes * 10n + scale / 2n) / scale;
  return `≈ ${tenths / 10n}${tenths % 10n ? `.${tenths % 10n}` : ""} ${UNITS[unit]}`;
}

function countText(count, one, many) {
  return `${count} ${BigInt(count) === 1n ? one : many}`;
}

const VERBS = { r: "read", w: "write", x: "execute" };

// "read and execute", or "nothing".
function rightsWords(rights) {
  const verbs = [...rights].filter((letter) => letter in VERBS).map((letter) => VERBS[letter]);
  if (rights === "w^x") return "anything, but a page is never writable and executable";
  if (verbs.length === 0) return "nothing";
  return verbs.length === 1 ? verbs[0] : `${verbs.slice(0, -1).join(", ")} and ${verbs.at(-1)}`;
}

// Each value once, in the order they come.
function distinct(values) {
  return [...new Set(values)];
}

// An element: properties, then children, which are elements or texts.
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

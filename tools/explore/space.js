// One machine's address space: what is declared, what is mapped, and how a range divides for the next zoom. Addresses are
// BigInt; a range is {first, last}, a part of the space a range with what it is.

const SMALLEST_PAGE = 4096n;
// As many as an x86_64 table has: a bar of more would show nothing.
const MOST_ENTRIES = 512n;

function sizeOf(range) {
  return range.last - range.first + 1n;
}

function isSame(one, other) {
  return one.first === other.first && one.last === other.last;
}

function contains(range, address) {
  return range.first <= address && address <= range.last;
}

function overlaps(one, other) {
  return one.first <= other.last && other.first <= one.last;
}

function withRange(object) {
  return { ...object, first: BigInt(object.first), last: BigInt(object.last) };
}

class AddressSpace {
  constructor(dump) {
    const { checked, tables } = dump;
    this.image = dump.image;
    this.machine = `${dump.machine}, ${dump.cpu}, ${dump.memory}`;
    this.form = checked.machine;
    this.root = checked.root;
    this.addressBits = BigInt(checked.address_bits);
    this.entryBytes = checked.entry_bytes.map(BigInt);
    this.layout = checked.layout;
    this.digest = checked.digest;
    const table = tables.find((one) => one.address_bits === checked.layout_address_bits);
    this.regions = table.regions.map(withRange);
    this.runs = checked.runs.map((run) => ({
      ...withRange(run),
      target: BigInt(run.target),
      pageBytes: BigInt(run.page_bytes),
    }));
    this.faults = checked.faults.map(withRange);
    this.notes = checked.notes;
    // Addresses of more bits than 32 are as wide as a register, with copies of the highest bit above.
    this.isSigned = this.addressBits > 32n;
    this.whole = { first: 0n, last: (1n << (this.isSigned ? 64n : this.addressBits)) - 1n };
    this.declared = this.#declare();
  }

  address(value) {
    return `0x${value.toString(16).padStart(this.isSigned ? 16 : 8, "0")}`;
  }

  rangeText(range) {
    return `${this.address(range.first)} – ${this.address(range.last)}`;
  }

  // The whole space: regions, and what lies between them.
  #declare() {
    const half = 1n << (this.addressBits - 1n);
    const hole = { first: half, last: this.whole.last - half, type: "hole" };
    const fixed = this.regions.map((region) => ({
      first: region.first, last: region.last, type: "region", region,
    }));
    if (this.isSigned) fixed.push(hole);
    fixed.sort((one, other) => (one.first < other.first ? -1 : 1));
    return withGaps(this.whole, fixed, (gap) => ({ ...gap, type: "undeclared" }));
  }

  isWhole(range) {
    return isSame(range, this.whole);
  }

  // The part of the whole space that an address is in.
  declarationOf(address) {
    return this.declared.find((part) => contains(part, address));
  }

  runOf(address) {
    return this.runs.find((run) => contains(run, address));
  }

  runsIn(range) {
    return this.runs.filter((run) => overlaps(run, range));
  }

  faultsIn(range) {
    return this.faults.filter((fault) => overlaps(fault, range));
  }

  mappedBytes(range) {
    let bytes = 0n;
    for (const run of this.runsIn(range)) bytes += sizeOf(intersection(run, range));
    return bytes;
  }

  // The smallest range that means anything at an address: a mapped page, or where one would be.
  pageAt(address) {
    const bytes = this.runOf(address)?.pageBytes ?? SMALLEST_PAGE;
    const first = address - (address % bytes);
    return { first, last: first + bytes - 1n };
  }

  physical(address) {
    const run = this.runOf(address);
    return run && run.target + (address - run.first);
  }

  isPage(range) {
    return sizeOf(range) <= sizeOf(this.pageAt(range.first));
  }

  // What a range divides into: regions, then runs of like pages, then entries of page tables.
  parts(range) {
    if (this.isWhole(range)) return this.declared;
    const place = this.declarationOf(range.first);
    if (place.type === "hole" || this.isPage(range)) return [];
    const { region } = place;
    const runs = this.runsIn(range).map((run) => ({ ...intersection(run, range), type: "run", run, region }));
    const pieces = withGaps(range, runs, (gap) => ({ ...gap, type: "unmapped", region }));
    return pieces.length > 1 ? pieces : this.#entries(pieces[0]);
  }

  // A run, or nothing, cut where table entries end: by the lowest level of which there are not too many.
  #entries(piece) {
    const page = piece.run?.pageBytes ?? SMALLEST_PAGE;
    const steps = [page, ...this.entryBytes.toReversed().filter((bytes) => bytes > page)];
    const count = (step) => piece.last / step - piece.first / step + 1n;
    let step = steps.find((bytes) => count(bytes) <= MOST_ENTRIES) ?? steps.at(-1);
    while (count(step) > MOST_ENTRIES) step *= 2n;
    const entries = [];
    for (let first = piece.first; first <= piece.last;) {
      const end = (first / step + 1n) * step - 1n;
      const last = end < piece.last ? end : piece.last;
      entries.push({ ...piece, first, last, type: step === page ? "page" : "entry" });
      first = last + 1n;
    }
    return entries;
  }

  // From the whole space to a range, or to the smallest part with all of it.
  path(range) {
    const path = [{ ...this.whole, type: "whole" }];
    while (!isSame(path.at(-1), range)) {
      const next = this.parts(path.at(-1)).find((part) => contains(part, range.first));
      if (!next || next.last < range.last) break;
      path.push(next);
    }
    return path;
  }

  // Where an address is found at each level, the root's first: indices of table entries.
  tableIndices(address) {
    const bits = (1n << this.addressBits) - 1n;
    let rest = address & bits;
    return this.entryBytes.map((bytes) => {
      const index = rest / bytes;
      rest %= bytes;
      return index;
    });
  }
}

function intersection(one, other) {
  return {
    first: one.first > other.first ? one.first : other.first,
    last: one.last < other.last ? one.last : other.last,
  };
}

// `parts`, which are ascending and inside `range`, and what `make` makes of each gap.
function withGaps(range, parts, make) {
  const all = [];
  let next = range.first;
  for (const part of parts) {
    if (next < part.first) all.push(make({ first: next, last: part.first - 1n }));
    all.push(part);
    next = part.last + 1n;
  }
  if (next <= range.last) all.push(make({ first: next, last: range.last }));
  return all;
}

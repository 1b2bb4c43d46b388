# From llvm-cov's JSON, a file a record, to a line of output for each line of code: file:number:count.
#
# llvm-cov's own count of a line is that of the region which reaches into it from the line before. After a macro with a
# return in it (TRY), that is a gap with the count 0, although the code on the line has run. Here such a line counts as
# its own code does.
#
# A segment is [line, column, count, has a count, begins a region, is a gap] and goes on until the next.

function flush_line(number) {
  if (is_code) printf "%s:%d:%s\n", file, number, count
}

# The line `number` begins, in what the segment before left.
function begin_line(number) {
  is_code = has_count
  count = has_count ? reaching : 0
  from_gap = in_gap
  first_on_line = 1
}

match($0, /"filename":"[^"]*"/) {
  file = substr($0, RSTART + 12, RLENGTH - 13)
  sub(/^\.\//, "", file)
  if (!match($0, /"segments":\[\[[^]]*(\],\[[^]]*)*\]\]/)) next
  segments = split(substr($0, RSTART + 13, RLENGTH - 15), segment, /\],\[/)
  has_count = reaching = in_gap = is_code = 0
  number = 0
  for (i = 1; i <= segments; ++i) {
    split(segment[i], part, ",")
    if (number == 0) {
      number = part[1]
      begin_line(number)
    }
    while (number < part[1]) {
      flush_line(number)
      begin_line(++number)
    }
    has_count = part[4] == "true"
    reaching = part[3]
    in_gap = part[6] == "true"
    begins = part[5] == "true"
    # A skipped region (#if 0) takes its line along.
    if (first_on_line && !has_count && begins) is_code = 0
    first_on_line = 0
    if (!has_count || in_gap) continue
    if (begins) {
      is_code = 1
      if (reaching + 0 > count + 0) count = reaching
    } else if (from_gap && is_code) {
      if (reaching + 0 > count + 0) count = reaching
    }
  }
  flush_line(number)
}

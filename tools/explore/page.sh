# Joins the page's parts to one file. Sourced.
#
#   print_dump IMAGE MACHINE CPU MEMORY CHECKED LAYOUT   what the page knows of one machine: CHECKED is what
#                                                        layoutcheck prints, LAYOUT the file it checked with
#   print_page DIRECTORY DUMP...                         page.html of DIRECTORY, where a line @NAME@ stands for the
#                                                        file NAME there, and @dumps@ for the machines

print_dump() {
  printf '{"image": "%s", "machine": "%s", "cpu": "%s", "memory": "%s",\n"checked": ' "$1" "$2" "$3" "$4" &&
    cat "$5" && printf ',\n"tables": ' && cat "$6" && printf '}\n'
}

print_page() {
  local directory=$1 line
  shift
  while IFS= read -r line; do
    case $line in
      @dumps@) print_dumps "$@" ;;
      @*@) cat "$directory/${line//@/}" ;;
      *) printf '%s\n' "$line" ;;
    esac || return 1
  done <"$directory/page.html"
}

# In JSON a < is only in texts. Escaped there, no text can end the element.
print_dumps() {
  local dump
  for dump; do
    echo '<script type="application/json" class="dump">'
    sed 's/</\\u003c/g' "$dump" || return 1
    echo '</script>'
  done
}

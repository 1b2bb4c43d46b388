# What a user may choose of the machine, and how anything else is refused. Sourced by //:boot and //tools:explore after
# machines.sh and image_names.sh; `program` is the name that refusals begin with.
#
#   check_choice       the variables image, machine, cpu and memory: puts in the defaults of an empty machine or
#                      cpu, or refuses
#   print_choices      what each image takes, for --help
#   refuse TEXT        ends with 2

readonly default_memory=512M

refuse() {
  # shellcheck disable=SC2154  # set by the script that sources this
  echo "$program: $1" >&2
  exit 2
}

print_choices() {
  local name
  for name in "${image_names[@]}"; do
    describe_image "$name"
    printf '%s: --machine=%s --cpu=%s --memory=%s\n' "$name" \
      "$(alternatives "${machines[@]}")" "$(alternatives "${cpus[@]}")" "$(memory_limits)"
  done
}

alternatives() {
  local IFS='|'
  echo "$*"
}

memory_limits() { echo "$(readable_mib "$least_mib")..$(readable_mib "$most_mib")"; }

readable_mib() { if (($1 % 1024 == 0)); then echo "$(($1 / 1024))G"; else echo "$1M"; fi; }

# is_one_of WORD WORDS...
is_one_of() {
  local word=$1 other
  shift
  for other; do [[ $word != "$other" ]] || return 0; done
  return 1
}

check_choice() {
  { is_one_of "$image" "${image_names[@]}" && describe_image "$image"; } || refuse "no image '$image'; there are: ${image_names[*]}"
  machine=${machine:-${machines[0]}}
  is_one_of "$machine" "${machines[@]}" || refuse "$image has no machine '$machine'; it has: ${machines[*]}"
  cpu=${cpu:-${cpus[0]}}
  is_one_of "$cpu" "${cpus[@]}" || refuse "$image has no cpu '$cpu'; it has: ${cpus[*]}"
  check_memory
}

check_memory() {
  # Six digits are enough for every limit, and too few to overflow.
  if ! [[ $memory =~ ^([1-9][0-9]{0,5})([MG])$ ]]; then
    refuse "'$memory' is no amount of memory; $image takes $(memory_limits), a number with M or G"
  fi
  local mib=${BASH_REMATCH[1]}
  if [[ ${BASH_REMATCH[2]} == G ]]; then mib=$((mib * 1024)); fi
  if ((mib < least_mib || mib > most_mib)); then
    refuse "$image does not take $memory of memory; it takes $(memory_limits)"
  fi
}

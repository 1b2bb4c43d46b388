# Clean copies of this checkout, each with a Bazel of its own. Sourced, in the checkout.
#
#   copy_checkout DIRECTORY         copies every file that git knows or would add, edits included
#   lend_unpacked DIRECTORY         saves that copy the minute it takes to unpack what this checkout has unpacked
#   bazel_in DIRECTORY ARGUMENT...  runs that copy's Bazel, with output base DIRECTORY.output
#   images_in DIRECTORY OPTION...   builds the kernel images there and prints their hashes
#   stop_bazel_in DIRECTORY         ends its server and removes its outputs

# Every file of every image: what QEMU boots, and the ELF file with its debug information.
mapfile -t image_files <<<"$(sed -n '/^IMAGES = /,/^]/s/^ *"\(.*\)",$/\1/p' layouts/layouts.bzl)"
[[ -n ${image_files[0]} ]] || { echo 'checkouts.sh: no images in layouts/layouts.bzl' >&2; exit 2; }
image_files+=("${image_files[@]/%/.elf}")
readonly image_files

copy_checkout() {
  mkdir -p "$1" || return 1
  # Deleted files are still in git's index.
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [[ -e $file || -L $file ]] && printf '%s\0' "$file"; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$1"
}

# Before the first bazel_in. Hard links, so only within one file system; else the copy unpacks for itself.
lend_unpacked() {
  local output_base
  output_base=$(./bazelw info output_base 2>/dev/null) || return 0
  mkdir -p "$1.output"
  cp -al "$output_base/external" "$1.output/external" 2>/dev/null || rm -rf "$1.output/external"
}

bazel_in() {
  local directory=$1
  shift
  (cd "$directory" && ./bazelw --output_base="$directory.output" "$@")
}

images_in() {
  local directory=$1
  shift
  bazel_in "$directory" build "$@" "${image_files[@]/#///tools/boot:}" >&2 || return 1
  (cd "$directory/bazel-bin/tools/boot" && sha256sum "${image_files[@]}")
}

stop_bazel_in() {
  [[ -d $1.output ]] || return 0
  bazel_in "$1" shutdown >/dev/null 2>&1
  # Bazel takes away the right to write in what it has built.
  chmod -R u+w "$1.output" 2>/dev/null
  rm -rf "$1.output"
}

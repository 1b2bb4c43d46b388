# Fetches packages by hash. Sourced by install.sh, which provides say, die and $mirrors.
# shellcheck shell=sh

readonly AT_ONCE=8
readonly LARGE_BYTES=4000000
pids=

stop_fetching() {
  # KILL, since a shell that was only just started may still lose a gentler signal to its parent's trap.
  # shellcheck disable=SC2086 # a list
  [ -z "$pids" ] || kill -KILL $pids 2> /dev/null || :
  wait 2> /dev/null
  pids=
}

choose_downloader() { # what this machine has; a bare Debian has only apt's own
  for downloader in curl wget busybox /usr/lib/apt/apt-helper; do
    if command -v "$downloader" > /dev/null 2>&1; then return; fi
  done
  case $mirrors in
    *http*) die 'nothing to download with: install curl or wget (apt-helper would do too)' ;;
  esac
}

download() { # URL FILE: becomes the program that downloads, so that a signal reaches it
  case $1 in
    file://*) exec cp "${1#file://}" "$2" ;;
  esac
  case $downloader in
    curl) exec curl -fsSL --retry 3 --connect-timeout 20 -o "$2" "$1" ;;
    # No time limit: busybox's, linked statically, crashes when it is given one.
    wget) exec wget -q -O "$2" "$1" ;;
    busybox) exec busybox wget -q -O "$2" "$1" ;;
    *) exec "$downloader" -qq -o APT::Sandbox::User=root download-file "$1" "$2" ;;
  esac
}

without_password() { # URL: for messages
  printf '%s\n' "$1" | sed 's,//[^/@]*@,//,'
}

report_progress() { # DIRECTORY MEGABYTES: says how much is there until it is stopped
  interval=5
  [ ! -t 2 ] || interval=1
  while sleep "$interval" > /dev/null 2>&1; do
    there=$(($(du -sk "$1" 2> /dev/null | cut -f1) / 1000))
    if [ -t 2 ]; then
      printf '\rbazelw: %d of %d MB ' "$there" "$2" >&2
    else
      say "$there of $2 MB"
    fi
  done
}

start_downloads() { # MIRROR LIST DIRECTORY: several at once, the large ones beside all others
  batch=
  batched=0
  while read -r _ size path; do
    file=$3/${path##*/}
    (download "$1/$path" "$file.part") < /dev/null > "$file.why" 2>&1 &
    pids="$pids $!"
    [ "$size" -lt "$LARGE_BYTES" ] || continue
    batch="$batch $!"
    batched=$((batched + 1))
    [ "$batched" -eq "$AT_ONCE" ] || continue
    for pid in $batch; do wait "$pid" || :; done
    batch=
    batched=0
    # A mirror that has nothing so far is not asked for the rest.
    set -- "$1" "$2" "$3" "$3"/*.part
    [ -e "$4" ] || return 0
  done < "$2"
}

keep_good_files() { # MIRROR LIST DIRECTORY: says what is wrong with the others
  complaints=0
  while read -r sha256 size path; do
    file=$3/${path##*/}
    if [ ! -e "$file.part" ]; then
      problem=$(tail -n 1 "$file.why" 2> /dev/null) || :
      problem="cannot be had${problem:+: $problem}"
    elif [ "$(($(wc -c < "$file.part")))" -ne "$size" ]; then
      problem="has $(($(wc -c < "$file.part"))) bytes, not $size"
    elif [ "$(sha256sum < "$file.part" | cut -c1-64)" = "$sha256" ]; then
      mv "$file.part" "$file"
      continue
    else
      problem="has sha256 $(sha256sum < "$file.part" | cut -c1-64), not $sha256"
      fetch_failure=changed
    fi
    rm -f "$file.part"
    complaints=$((complaints + 1))
    [ "$complaints" -gt 3 ] || say "$path from $(without_password "$1") $problem"
  done < "$2"
  [ "$complaints" -le 3 ] || say "and $((complaints - 3)) more packages from $(without_password "$1")"
}

missing() { # LIST DIRECTORY: the lines whose files are not there yet
  while read -r sha256 size path; do
    [ -e "$2/${path##*/}" ] || printf '%s %s %s\n' "$sha256" "$size" "$path"
  done < "$1"
}

# fetch_all LIST DIRECTORY: gets the files of all "sha256 size path" lines from the first mirrors that
# have them. On failure fetch_failure tells why: nothing (no mirror answers), gone (some files are not
# there any more) or changed (a file is not what the lock says).
fetch_all() {
  fetch_failure=
  missing "$1" "$2" | sort -rnk2 > "$2.missing"
  say "fetching $(awk '{ bytes += $2 } END { printf "%d packages, %d MB", NR, bytes / 1e6 }' "$2.missing")"
  for mirror in $mirrors; do
    report_progress "$2" "$(awk '{ bytes += $2 } END { print int(bytes / 1e6) }' "$1")" &
    progress=$!
    pids=$progress
    start_downloads "$mirror" "$2.missing" "$2"
    # shellcheck disable=SC2086 # a list
    for pid in ${pids#"$progress"}; do wait "$pid" || :; done
    stop_fetching
    [ ! -t 2 ] || printf '\r\033[K' >&2
    keep_good_files "$mirror" "$2.missing" "$2"
    missing "$1" "$2" | sort -rnk2 > "$2.still-missing"
    mv "$2.still-missing" "$2.missing"
    [ -s "$2.missing" ] || break
  done
  rm -f "$2"/*.why
  [ -s "$2.missing" ] || return 0
  set -- "$2"/*.deb
  if [ -z "$fetch_failure" ]; then
    if [ -e "$1" ]; then fetch_failure=gone; else fetch_failure=nothing; fi
  fi
  return 1
}

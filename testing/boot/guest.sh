# A guest in QEMU, or any program that behaves like one: what it prints comes line by line, what is typed goes to
# its prompt. Sourced; needs bash and mkfifo, nothing else.
#
#   guest_start DIRECTORY COMMAND...   starts it; DIRECTORY holds the two pipes
#   guest_next SECONDS                 waits at most until SECONDS after the start; sets guest_event:
#                                        line     a whole line is in guest_line
#                                        prompt   the guest waits for input; guest_line holds what it printed
#                                        end      it has closed its output
#                                        limit    the time is over; guest_line holds the unfinished line
#   guest_type TEXT                    types a line
#   guest_stop                         ends the program if it still runs; sets guest_status

# What the guest prints when it waits for input. It ends no line, so it is recognised by silence after it.
guest_prompt='atlas> '

readonly guest_longest_line=4096

guest_event='' guest_line='' guest_status='' guest_pid=''
guest_unread='' guest_ended=no guest_prompted=no guest_start_microseconds=0

# Microseconds since guest_start. EPOCHREALTIME prints the locale's decimal point: drop whatever it is.
guest_elapsed() { guest_microseconds=$((${EPOCHREALTIME//[!0-9]/} - guest_start_microseconds)); }

guest_start() {
  local directory=$1
  shift
  rm -f "$directory/guest_input" "$directory/guest_output"
  mkfifo "$directory/guest_input" "$directory/guest_output" || return 1
  guest_unread='' guest_ended=no guest_prompted=no guest_status=''
  guest_start_microseconds=${EPOCHREALTIME//[!0-9]/}
  # Open for reading and writing: opening does not wait for the other side, and the guest never sees the end.
  exec {guest_input_fd}<>"$directory/guest_input"
  "$@" <"$directory/guest_input" >"$directory/guest_output" 2>&1 &
  guest_pid=$!
  exec {guest_output_fd}<"$directory/guest_output"
}

# A read of a line with a time limit forgets the line's end, if the time is over just then. So whatever comes in a while
# is read, and lines are cut off that.
guest_next() {
  local limit=$(($1 * 1000000)) piece status
  while :; do
    guest_elapsed
    if ((guest_microseconds > limit)); then
      # Of an endless line its end will do: bash searches a string in time quadratic to its length.
      if ((${#guest_unread} > guest_longest_line)); then guest_unread=${guest_unread: -guest_longest_line}; fi
      guest_event=limit guest_line=${guest_unread##*$'\n'}
      return
    fi
    if [[ $guest_unread == *$'\n'* ]]; then
      guest_event=line guest_line=${guest_unread%%$'\n'*}
      guest_line=${guest_line//$'\r'/}
      guest_unread=${guest_unread#*$'\n'} guest_prompted=no
      return
    fi
    if [[ $guest_ended == yes ]]; then
      guest_line=$guest_unread guest_unread=''
      if [[ -n $guest_line ]]; then guest_event=line; else guest_event=end; fi
      return
    fi
    IFS= read -r -d '' -t 0.02 -u "$guest_output_fd" piece
    status=$?
    guest_unread+=$piece
    if ((status > 128)); then  # the time is over
      if [[ -z $piece && $guest_prompted == no && $guest_unread == *"$guest_prompt" ]]; then
        guest_prompted=yes guest_event=prompt guest_line=$guest_unread
        return
      fi
    elif ((status > 0)); then
      guest_ended=yes
    fi
  done
}

guest_type() { printf '%s\n' "$1" >&"$guest_input_fd"; }

guest_stop() {
  [[ -n $guest_pid ]] || return 0
  if [[ ${1-} == now ]]; then kill -KILL "$guest_pid" 2>/dev/null; fi
  wait "$guest_pid" 2>/dev/null
  guest_status=$?
  guest_pid=''
  exec {guest_input_fd}>&- {guest_output_fd}<&-
}

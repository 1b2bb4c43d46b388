"""Boots for real on a terminal and ends it, by `off`, by Ctrl-C, by QEMU's death and from the shell: terminal_test.py BOOT.

The terminal must be in raw mode while the kernel has it, and afterwards be as it was before.
"""

import os
import select
import signal
import sys
import termios
import time

PROMPT = b"atlas> "
SHELL_PROMPT = b"/ # "
LIMIT_SECONDS = 30
LOCAL_FLAGS = 3  # where tcgetattr has them


def wait_for(terminal, text):
    """Reads until `text` was printed; returns everything read, or fails after a while."""
    seen = b""
    limit = time.monotonic() + LIMIT_SECONDS
    while text not in seen:
        readable, _, _ = select.select([terminal], [], [], limit - time.monotonic())
        if not readable:
            sys.exit(f"no {text!r} within {LIMIT_SECONDS} s; printed: {seen.decode(errors='replace')}")
        seen += os.read(terminal, 4096)
    return seen


def wait_for_end(process):
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    sys.exit(f"still running {LIMIT_SECONDS} s after it was told to end")


def kill_emulator(process, _):
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as children:
        (emulator,) = children.read().split()
    os.kill(int(emulator), signal.SIGKILL)


def typing(text):
    return lambda _, terminal: os.write(terminal, text)


def interrupt_and_power_off(_, terminal):
    os.write(terminal, b"echo start; sleep 1000\r")
    wait_for(terminal, b"\nstart")
    # What is typed before sleep has the terminal would be the shell's.
    time.sleep(1)
    os.write(terminal, b"\x03")
    wait_for(terminal, SHELL_PROMPT)
    os.write(terminal, b"poweroff -f\r")


def boot_and_end(boot, options, prompt, name, end, wanted_status):
    # With the other side open here too, the terminal outlives the process.
    terminal, other_side = os.openpty()
    before = termios.tcgetattr(other_side)
    process = os.fork()
    if process == 0:
        os.close(terminal)
        os.login_tty(other_side)
        os.execv(boot, [boot, *options])
    wait_for(terminal, prompt)
    during = termios.tcgetattr(other_side)
    if during[LOCAL_FLAGS] & termios.ICANON:
        sys.exit("the terminal is not in raw mode while the kernel has it")
    end(process, terminal)
    status = wait_for_end(process)
    after = termios.tcgetattr(other_side)
    os.close(other_side)
    os.close(terminal)
    if status != wanted_status:
        sys.exit(f"{name} ended it with {status}, not with {wanted_status}")
    if after != before:
        sys.exit(f"{name} left the terminal changed:\n{before}\n{after}")


def main():
    boot = os.path.abspath(sys.argv[1])
    monitor = ["--monitor"]
    boot_and_end(boot, monitor, PROMPT, "off", typing(b"off\r"), 0)
    # As a shell reports programs that a signal has ended: 128 and the signal's number.
    boot_and_end(boot, monitor, PROMPT, "Ctrl-C", typing(b"\x03"), 128 + signal.SIGINT)
    boot_and_end(boot, monitor, PROMPT, "SIGKILL", kill_emulator, 128 + signal.SIGKILL)
    # Ctrl-C is the shell's: it ends sleep, and the shell goes on.
    boot_and_end(boot, [], SHELL_PROMPT, "poweroff", interrupt_and_power_off, 0)
    boot_and_end(boot, [], SHELL_PROMPT, "Ctrl-A X", typing(b"\x01x"), 0)


main()

"""The names of busybox's programs. //userspace:host_test compares them with what it says of itself."""

load(":words.bzl", "words")

APPLETS = words("""
    [ [[ ash awk basename bunzip2 bzcat bzip2 cat chmod chown chrt cksum clear cmp comm cp cpio cut date
    dd devmem df diff dirname dmesg du echo ed egrep env expr factor fallocate false fgrep find fold
    free fsync grep groups gunzip gzip halt hd head hexdump hexedit id install iostat ipcrm ipcs kill
    killall killall5 less link ln logname ls lsof md5sum mkdir mkfifo mknod mktemp more mount mountpoint
    mpstat mv nice nl nmeter nohup nproc od paste patch pgrep pidof pkill pmap poweroff printenv printf
    ps pstree pwd pwdx readlink realpath reboot renice reset resize rm rmdir sed seq setsid sh sha1sum
    sha256sum shuf sleep smemcap sort split stat stty sum sync sysctl tac tail tar taskset tee test time
    timeout top touch tr true truncate tty ttysize umount uname uniq unlink uptime usleep vi watch wc
    which whoami xargs xxd yes zcat
""")

#!/bin/bash
# Tests boot.sh against a fake QEMU, which prints its arguments: what is refused, and what QEMU is told.
set -u
boot=$PWD/$1
machines=$PWD/$2
choice=$PWD/$3
image_names=$PWD/$4
failures=0 rows=0

# What Bazel would put beside boot.sh.
export RUNFILES_DIR=$TEST_TMPDIR/runfiles
mkdir -p "$RUNFILES_DIR/atlas/tools/boot" "$RUNFILES_DIR/qemu/bin"
cp "$machines" "$choice" "$image_names" "$RUNFILES_DIR/atlas/tools/boot/"
for program in qemu-system-x86_64 qemu-system-arm; do
  cat >"$RUNFILES_DIR/qemu/bin/$program" <<'FAKE'
#!/bin/bash
echo "${0##*/} $*"
exit "${FAKE_STATUS:-0}"
FAKE
  chmod +x "$RUNFILES_DIR/qemu/bin/$program"
done

fail() {
  ((++failures))
  printf 'FAILED %s\n%s\n\n' "$1" "$2"
}

# row STATUS SAYING OPTION...: boot.sh ends with STATUS and prints SAYING, a pattern.
row() {
  local want=$1 saying=$2 output status
  shift 2
  output=$("$boot" "$@" 2>&1 </dev/null)
  status=$?
  ((++rows))
  # shellcheck disable=SC2053  # a pattern
  [[ $status == "$want" && $output == $saying ]] || fail "$* ended with $status:" "$output"
}

# What QEMU is told.
row 0 'qemu-system-x86_64 *-machine q35,* -cpu max -m 512M *-kernel */tools/boot/x86_64_osz'
row 0 '*isa-debug-exit*stdio,id=terminal,signal=off,mux=on*-initrd */userspace/initrd_x86_64.cpio -kernel *'
row 0 '*stdio,id=terminal,signal=on -serial chardev:terminal -kernel *' --monitor
row 0 '*-initrd */userspace/initrd_arm.cpio *-append run="free -m"*' --image=arm_sos '--run=free -m'
row 0 '*-initrd */userspace/initrd_small_arm.cpio *' --image=arm_apcpu --memory=63M
row 0 '*-initrd */userspace/initrd_x86_64.cpio *' --memory=1G
row 0 'qemu-system-arm *-machine virt,* -cpu cortex-a15 -m 512M *-kernel */tools/boot/arm_sos' --image=arm_sos
row 0 'qemu-system-x86_64 *-machine q35,* -cpu max *-kernel */tools/boot/x86_64_kora' --image=x86_64_kora
row 0 'qemu-system-x86_64 *-machine q35,* -cpu max *-kernel */tools/boot/x86_64_lfos' --image=x86_64_lfos
row 0 'qemu-system-arm *-machine virt,* -cpu cortex-a15 *-kernel */tools/boot/arm_kora' --image=arm_kora
row 0 'qemu-system-arm *-machine virt,* -cpu cortex-a15 -m 16M *-kernel */tools/boot/arm_apcpu' --image=arm_apcpu --memory=16M
row 0 '* -machine pc,* -cpu qemu64 -m 6G *' --machine=pc --cpu=qemu64 --memory=6G
row 0 '* -m 1G *' --memory=1G
row 0 '* -m 64M *' --memory=64M
row 0 '* -m 3G *' --image=arm_sos --memory=3G
row 0 '*  gdb */x86_64_osz.elf -ex target\\ remote\\ 127.0.0.1:1234*-S -gdb tcp:127.0.0.1:1234*' --gdb
row 0 '*  gdb-multiarch */arm_sos.elf *:4321*-S -gdb tcp:127.0.0.1:4321*' --image=arm_sos --gdb=4321
truncate -s 1M "$TEST_TMPDIR/a,disk"
truncate -s 1000 "$TEST_TMPDIR/short"
: >"$TEST_TMPDIR/empty"
row 0 "*-drive if=none,id=disk,format=raw,file=$TEST_TMPDIR/a,,disk -device virtio-blk-pci,drive=disk*" "--disk=$TEST_TMPDIR/a,disk"
BUILD_WORKING_DIRECTORY=$TEST_TMPDIR row 0 "*file=$TEST_TMPDIR/a,,disk -device virtio-blk-device,*" --image=arm_sos --disk=a,disk
row 0 '*--image=NAME*x86_64_osz: --machine=q35|pc --cpu=max|*--memory=64M..16G*arm_sos:*64M..3G*' --help

# What is refused, before QEMU starts.
row 2 "boot: no image 'kora'; there are: x86_64_osz x86_64_kora x86_64_lfos arm_kora arm_sos arm_apcpu" --image=kora
row 2 "boot: no image ''; there are: x86_64_osz x86_64_kora x86_64_lfos arm_kora arm_sos arm_apcpu" --image=
row 2 "boot: x86_64_osz has no machine 'virt'; it has: q35 pc" --machine=virt
row 2 "boot: arm_sos has no machine 'q35'; it has: virt" --image=arm_sos --machine=q35
row 2 "boot: x86_64_osz has no cpu 'cortex-a15'; it has: max qemu64*" --cpu=cortex-a15
row 2 "boot: arm_sos has no cpu 'max'; it has: cortex-a15*" --cpu=max --image=arm_sos
for wrong in 512 1T 0M -1G 1.5G M 1g 01G 9999999M '1G '; do
  row 2 "boot: '$wrong' is no amount of memory; x86_64_osz takes 64M..16G, a number with M or G" "--memory=$wrong"
done
row 2 "boot: x86_64_osz does not take 63M of memory; it takes 64M..16G" --memory=63M
row 2 "boot: x86_64_osz does not take 17G of memory; it takes 64M..16G" --memory=17G
row 2 "boot: arm_sos does not take 4G of memory; it takes 64M..3G" --image=arm_sos --memory=4G
for wrong in 80 65536 0 port 999999 -1; do
  row 2 "boot: '$wrong' is no port for a debugger; one is a number from 1024 to 65535" "--gdb=$wrong"
done
row 2 "boot: there is no file 'nowhere' to be a disk" --disk=nowhere
row 2 "boot: there is no file '' to be a disk" --disk=
row 2 "boot: there is no file '$TEST_TMPDIR' to be a disk" "--disk=$TEST_TMPDIR"
row 2 "boot: the disk '$TEST_TMPDIR/empty' has 0 bytes; one has whole sectors of 512" "--disk=$TEST_TMPDIR/empty"
row 2 "boot: the disk '$TEST_TMPDIR/short' has 1000 bytes; one has whole sectors of 512" "--disk=$TEST_TMPDIR/short"
row 2 "boot: --memory needs a value: --memory=..." --memory 1G
row 2 "boot: no option '--kvm'; there are --image= *" --kvm
row 2 "boot: no option 'arm_sos'; there are --image= *" arm_sos

# How QEMU ends is how boot.sh ends.
FAKE_STATUS=33 row 33 'qemu-system-x86_64 *'

echo "$rows rows, $failures failed"
((failures == 0))

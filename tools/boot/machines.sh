# The machines our images run on. Sourced by //:boot, the boot tests and the benchmark, so that all three
# start the same QEMU.
#
#   describe_image IMAGE      sets the facts below, by the processor that its name begins with; returns 1 if we have none
#   machine_options MACHINE CPU MEMORY   appends to the array `qemu_options` (describe_image first)
#   disk_options FILE         the same: a raw image as disk
#   known_options FILE        the same: random bytes, which are the file's, and a clock that shows a day of 2024

# Facts of the described image: QEMU's program, what it may be started with (the default first), the limits of
# its memory in MiB, and where a raw image is loaded (empty for ELF, which says so itself).
qemu_program='' machines=() cpus=() least_mib=0 most_mib=0 raw_load_address=''

describe_image() {
  case $1 in
    x86_64_*)
      qemu_program=qemu-system-x86_64
      machines=(q35 pc)
      # Only max has LA57, SMEP, SMAP and UMIP: on the others the kernel goes without.
      cpus=(max qemu64 kvm64 Nehalem)
      least_mib=64 most_mib=16384
      raw_load_address=''
      ;;
    arm_*)
      qemu_program=qemu-system-arm
      machines=(virt)
      cpus=(cortex-a15 cortex-a7)
      # The board has its RAM from 1 GiB to the end of a 32-bit address.
      least_mib=64 most_mib=3072
      [[ $1 != arm_apcpu ]] || least_mib=16
      raw_load_address=0x40010000
      ;;
    *) return 1 ;;
  esac
}

machine_options() {
  local machine=$1 cpu=$2 memory=$3
  qemu_options+=(
    -accel tcg
    -machine "$machine,memory-backend=ram"
    -cpu "$cpu"
    -m "$memory"
    # The guest may have more memory than this machine can promise: it is taken only when touched.
    -object "memory-backend-ram,id=ram,size=$memory,reserve=off"
    # No device that the options here do not name.
    -nodefaults -display none -nic none -monitor none
  )
  # How a kernel ends the run with an error; without one it powers the machine off.
  case $qemu_program in
    *x86_64) qemu_options+=(-vga none -device isa-debug-exit,iobase=0xf4,iosize=4) ;;
    *arm) qemu_options+=(-semihosting-config enable=on,target=native) ;;
  esac
}

virtio_bus() { if [[ $qemu_program == *x86_64 ]]; then echo pci; else echo device; fi; }

disk_options() {
  # In a value QEMU takes two commas for one.
  qemu_options+=(
    -drive "if=none,id=disk,format=raw,file=${1//,/,,}"
    -device "virtio-blk-$(virtio_bus),drive=disk"
    # The first version of virtio's registers in memory has no driver.
    -global virtio-mmio.force-legacy=false
  )
}

known_options() {
  qemu_options+=(
    -object "rng-random,id=random,filename=$1"
    -device "virtio-rng-$(virtio_bus),rng=random"
    -rtc base=2024-02-29T12:34:56,clock=vm
  )
}

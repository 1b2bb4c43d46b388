// What devices are, and how to reach them, for the system process: -EPERM to every other. Results
// are as in interrupts.h. On x86_64 it may execute in and out as well (machine/ports.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace atlas {

// Maps `size_bytes` of a device's registers at `physical`, uncached, readable and writable, among
// the process's dynamic memory; whole pages. munmap() takes them back. Returns the address, null
// with an error: -EINVAL (not whole pages), -EACCES (RAM, or a device that is the kernel's own),
// -ENOMEM.
void* MapDevice(uint64_t physical, size_t size_bytes, long* error = nullptr);

// Memory that devices read and write: whole pages side by side in physical memory too, zeroed, from
// `physical` on, below 4 GiB. At most 1 MiB. munmap() gives them back: no device may use them then.
// Null: -EINVAL, -ENOMEM.
void* AllocateDeviceMemory(size_t size_bytes, uint64_t& physical, long* error = nullptr);

// When the system process ends, what it had of such memory stays: devices may write to it. The next
// one says when none does any more, and it is given back.
long DevicesAreQuiet();

// Copies the machine's flattened device tree, or as much of it as fits, and returns how many bytes
// it has. -ENOENT: the machine has none; its devices are on a bus that tells of them.
long ReadDeviceTree(void* buffer, size_t size_bytes);

// What the console's device received goes to the terminal, as if the kernel had received it.
// Returns how many characters it took; more than a few hundred take several calls.
long TypeCharacters(const char* characters, size_t count);

}  // namespace atlas

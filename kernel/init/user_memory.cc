#include "kernel/init/user_memory.h"

#include "kernel/space/user_table.h"

namespace kernel {

UserMemory::UserMemory(const System& system)
    : system_(system),
      placement_(system.layout),
      nodes_(system.memory),
      physical_frames_(system.memory),
      frames_(physical_frames_, system.memory.table(), system.areas.windows()),
      objects_(system.objects.depot(), frames_),
      shared_region_(system.objects.depot(), nodes_, objects_, placement_.shared_blocks()),
      spaces_(system.objects.depot(), nodes_, frames_, placement_) {}

base::Result<> UserMemory::Start() {
  TRY(system_.space.ShareEntries(system_.layout));
  return frames_.Start();
}

base::Result<SpaceReference> UserMemory::CreateSpace() {
  return AddressSpace::Create(spaces_, TRY(UserTable::Create(system_.user_tables)));
}

}  // namespace kernel

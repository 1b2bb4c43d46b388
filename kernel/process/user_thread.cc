#include "kernel/process/user_thread.h"

#include "arch/ops/port_access.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/process.h"
#include "kernel/process/system.h"

namespace process {

void UserThread::ActivateTable() {
  if (native != nullptr) {
    TheSystem().Activate(native->memory().table());
  } else {
    TheSystem().Activate(*process_.space);
  }
}

void UserThread::SwitchFrom(sched::Thread& previous) {
  ActivateTable();
  arch::SetPortAccess(process_.system != nullptr ? arch::PortAccess::kDevices
                                                 : arch::PortAccess::kNone);
  arch::SwitchThread(MachineThreadOf(previous).state(), state(), stack_);
}

void UserThread::Bury() { System::Delete()(this); }

}  // namespace process

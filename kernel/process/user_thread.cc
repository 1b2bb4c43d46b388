#include "kernel/process/user_thread.h"

#include "kernel/process/process.h"
#include "kernel/process/system.h"

namespace process {

void UserThread::SwitchFrom(sched::Thread& previous) {
  TheSystem().Activate(*process_.space);
  arch::SwitchThread(MachineThreadOf(previous).state(), state(), stack_);
}

void UserThread::Bury() { System::Delete()(this); }

}  // namespace process

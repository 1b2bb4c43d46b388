// What is kept of a process besides its memory: priorities, names, processors.

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <limits>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Raw;
using support::Require;

constexpr int kNobody = std::numeric_limits<int>::max();
constexpr int kCheapest = 19;

int NiceOf(int whose, int id) {
  errno = 0;
  const int nice = getpriority(whose, static_cast<id_t>(id));
  ExpectEqual(errno, 0, "getpriority");
  return nice;
}

void Priorities() {
  const int before = NiceOf(PRIO_PROCESS, 0);
  const int cheaper = std::min(before + 1, kCheapest);
  ExpectResult(Raw(setpriority(PRIO_PROCESS, 0, cheaper)), 0, "setpriority");
  ExpectEqual(NiceOf(PRIO_PROCESS, getpid()), cheaper, "it is kept");
  const pid_t child = fork();
  if (child == 0) {
    while (true) pause();
  }
  ExpectEqual(NiceOf(PRIO_PROCESS, child), cheaper, "and inherited");
  ExpectResult(Raw(setpgid(child, child)), 0, "a group of its own");
  ExpectResult(Raw(setpriority(PRIO_PGRP, static_cast<id_t>(child), 100)), 0, "of a group");
  ExpectEqual(NiceOf(PRIO_PGRP, child), kCheapest, "no more than there is");
  ExpectEqual(NiceOf(PRIO_PROCESS, 0), cheaper, "not of others");
  Expect(NiceOf(PRIO_USER, 0) <= cheaper, "the dearest of a user's");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ExpectEqual(Call(SYS_getpriority, PRIO_PROCESS, 0), 20 - cheaper, "as the kernel tells it");
  ExpectResult(Call(SYS_getpriority, 3, 0), EINVAL, "nobody's");
  ExpectResult(Call(SYS_setpriority, 3, 0, 0), EINVAL, "nobody's");
  ExpectResult(Call(SYS_getpriority, PRIO_PROCESS, kNobody), ESRCH, "no such process");
  ExpectResult(Call(SYS_setpriority, PRIO_PGRP, kNobody, kCheapest), ESRCH, "no such group");
}

void* NameItself(void*) {
  char name[16] = {};
  ExpectEqual(prctl(PR_GET_NAME, name), 0, "PR_GET_NAME");
  Expect(std::strcmp(name, "first") == 0, "the name of who made it");
  ExpectEqual(prctl(PR_SET_NAME, "second one with a long name"), 0, "PR_SET_NAME");
  ExpectEqual(prctl(PR_GET_NAME, name), 0, "PR_GET_NAME");
  Expect(std::strcmp(name, "second one with") == 0, "as much as there is room for");
  return nullptr;
}

void ThreadNames() {
  ExpectEqual(prctl(PR_SET_NAME, "first"), 0, "PR_SET_NAME");
  pthread_t thread;
  Require(pthread_create(&thread, nullptr, NameItself, nullptr) == 0, "pthread_create");
  pthread_join(thread, nullptr);
  char name[16] = {};
  ExpectEqual(prctl(PR_GET_NAME, name), 0, "PR_GET_NAME");
  Expect(std::strcmp(name, "first") == 0, "each has its own");
}

void Dumpable() {
  ExpectEqual(prctl(PR_GET_DUMPABLE), 1, "at first");
  ExpectEqual(prctl(PR_SET_DUMPABLE, 0), 0, "PR_SET_DUMPABLE");
  ExpectEqual(prctl(PR_GET_DUMPABLE), 0, "it is kept");
  ExpectResult(Raw(prctl(PR_SET_DUMPABLE, 7)), EINVAL, "neither");
  ExpectResult(Raw(prctl(7777)), EINVAL, "an unknown option");
}

void Processors() {
  unsigned long mask[128] = {};
  Expect(Call(SYS_sched_getaffinity, 0, sizeof mask, mask) > 0, "sched_getaffinity");
  Expect(mask[0] != 0, "there is one");
  ExpectResult(Call(SYS_sched_setaffinity, 0, sizeof mask, mask), 0, "sched_setaffinity");
  ExpectResult(Call(SYS_sched_getaffinity, kNobody, sizeof mask, mask), ESRCH, "nobody's");
  ExpectResult(Call(SYS_sched_setaffinity, kNobody, sizeof mask, mask), ESRCH, "nobody's");
  ExpectResult(Call(SYS_sched_getaffinity, 0, 1, mask), EINVAL, "no room");
  std::memset(mask, 0, sizeof mask);
  ExpectResult(Call(SYS_sched_setaffinity, 0, sizeof mask, mask), EINVAL, "none");
}

constexpr support::Test kTests[] = {
    {"priorities", Priorities},
    {"names of threads", ThreadNames},
    {"prctl: dumpable", Dumpable},
    {"processors", Processors},
};

}  // namespace

Group IdentityTests() { return kTests; }

}  // namespace posix

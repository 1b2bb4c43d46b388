// Wrong arguments for every system call, one at a time: pointers to nothing, to the kernel, to the
// end of memory and beyond it, misaligned ones, and sizes that wrap. Each comes to the error that
// it should, and the process goes on.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "userspace/attack_tests/call_stage.h"
#include "userspace/attack_tests/groups.h"
#include "userspace/attack_tests/stage.h"
#include "userspace/calls/call_list.h"
#include "userspace/machine/system_call.h"
#include "userspace/support/errno_name.h"
#include "userspace/support/open_ranges.h"
#include "userspace/support/text.h"

namespace attack {
namespace {

using calls::Argument;
using calls::CallForm;
using calls::Kind;
using calls::kPageBytes;
using calls::Outcomes;
using calls::Trial;
using support::Expect;
using support::Line;
using support::Require;

struct WrongPlace {
  const char* name;
  uintptr_t address;
  Outcomes Argument::* outcomes;
};

// What a process tries just now, for the one that waits for it.
struct Attempt {
  const char* form;
  size_t argument;
  const char* what;
  uint32_t number;  // of all
};

Attempt* attempt = nullptr;

class Attacker {
 public:
  explicit Attacker(const CallForm& form) : form_(form), number_(*calls::NumberOf(form)) {}

  // How many attempts ended otherwise than they should.
  [[nodiscard]] unsigned Attack();

 private:
  static constexpr size_t kMostPlaces = 48;

  void FindPlaces();
  void AddPlace(const char* name, uintptr_t address, Outcomes Argument::* outcomes) {
    if (place_count_ < kMostPlaces) places_[place_count_++] = {name, address, outcomes};
  }
  [[nodiscard]] std::span<const WrongPlace> places() const {
    return std::span(places_).first(place_count_);
  }

  // With the right arguments but for number `index`, which `make` returns after they are there.
  template <class Make>
  void Try(size_t index, const char* what, const Outcomes& outcomes, Make&& make);
  void TryPlaces(size_t index);
  void TryEnds(size_t index);
  void TryWhatLeadsOn(size_t index);
  void TrySizes(size_t index);
  // What differs from a right argument, and is none.
  void TryUnusual(size_t index);
  [[nodiscard]] long Call(const calls::Registers& registers) const;
  void Report(long result) const;

  const CallForm& form_;
  long number_;
  CallStage stage_;
  std::array<WrongPlace, kMostPlaces> places_;
  size_t place_count_ = 0;
  unsigned failures_ = 0;
};

void Attacker::FindPlaces() {
  for (const uintptr_t address : KernelAddresses()) {
    AddPlace("of the kernel", address, &Argument::foreign);
  }
  AddPlace("in the last page", ~uintptr_t{0} - (kPageBytes - 1), &Argument::foreign);
  AddPlace("that wraps", ~uintptr_t{0} - 7, &Argument::foreign);
  if (const auto last = LastOfPrograms()) {
    AddPlace("behind programs", *last + 1, &Argument::foreign);
  }
  AddPlace("of nothing", stage_.hole(), &Argument::empty);
  AddPlace("without rights", stage_.closed_page(), &Argument::empty);
}

// The child of two that come back makes no more calls.
long Attacker::Call(const calls::Registers& registers) const {
  const long thread_pointer = machine::ThreadPointer();
  const long result = machine::SystemCall(number_, registers[0], registers[1], registers[2],
                                          registers[3], registers[4], registers[5]);
  if (form_.Takes(Kind::kThreadPointer)) {
    calls::Registers before = registers;
    for (size_t i = 0; i < calls::kMostArguments; ++i) {
      if (form_.arguments[i].kind == Kind::kThreadPointer) before[i] = thread_pointer;
    }
    machine::SystemCall(number_, before[0], before[1]);
  }
  if (!Has(form_.trial, Trial::kForks)) return result;
  if (result == 0) {
    while (true) machine::SystemCall(SYS_exit_group, 0);
  }
  if (result > 0) waitpid(static_cast<pid_t>(result), nullptr, 0);
  return result;
}

void Attacker::Report(long result) const {
  Line line;
  line.Text("# ").Text(form_.name).Text(", argument ").Decimal(attempt->argument + 1);
  line.Text(" ").Text(attempt->what).Text(": ");
  if (result < 0 && result >= -4095) {
    line.Text(support::ErrnoName(static_cast<int>(-result)));
  } else {
    line.Hexadecimal(static_cast<unsigned long>(result));
  }
  line.Write();
}

template <class Make>
void Attacker::Try(size_t index, const char* what, const Outcomes& outcomes, Make&& make) {
  if (!outcomes.AreTried()) return;
  const bool is_as_if_right = outcomes.IsEmpty();
  if (is_as_if_right && !Has(form_.trial, Trial::kGood)) return;
  *attempt = {form_.name, index, what, attempt->number + 1};
  stage_.Prepare(form_);
  calls::Registers arguments{};
  for (size_t i = 0; i < arguments.size(); ++i) {
    arguments[i] = i == index ? make() : stage_.Right(form_, i);
  }
  const long result = Call(InRegisters(form_, arguments));
  if ((is_as_if_right ? form_.good : outcomes).Has(result)) return;
  ++failures_;
  Report(result);
}

// Rounded to a page for what is one.
uintptr_t AsArgument(const Argument& argument, uintptr_t address) {
  return argument.kind == Kind::kRange ? address / kPageBytes * kPageBytes : address;
}

void Attacker::TryPlaces(size_t index) {
  const Argument& argument = form_.arguments[index];
  const bool is_pointer = calls::IsPointer(argument.kind);
  for (const WrongPlace& place : places()) {
    if (is_pointer && support::IsOpen(place.address)) continue;
    // It is the process's own all the same.
    if (!is_pointer && place.address == stage_.closed_page()) continue;
    const auto value = static_cast<long>(AsArgument(argument, place.address));
    Try(index, place.name, argument.*place.outcomes, [=] { return value; });
  }
}

void Attacker::TryEnds(size_t index) {
  const Argument& argument = form_.arguments[index];
  if (!calls::IsPointer(argument.kind)) return;
  Try(index, "at the end of memory", argument.half,
      [&] { return stage_.Half(argument, stage_.hole()); });
  const auto last = LastOfPrograms();
  if (!last) return;
  // There may be nothing in front of it, either.
  Try(index, "at the end of programs", argument.half,
      [&] { return stage_.Half(argument, *last + 1); });
}

// Through a pointer that is right to one that is not.
void Attacker::TryWhatLeadsOn(size_t index) {
  const Argument& argument = form_.arguments[index];
  if (argument.kind != Kind::kVector && argument.kind != Kind::kStrings) return;
  for (const WrongPlace& place : places()) {
    if (support::IsOpen(place.address)) continue;
    Try(index, place.name, argument.*place.outcomes,
        [&] { return stage_.LeadingTo(form_, index, place.address); });
  }
}

void Attacker::TrySizes(size_t index) {
  long pointer = 0;
  for (size_t i = 0; i < calls::kMostArguments; ++i) {
    const Kind kind = form_.arguments[i].kind;
    if (calls::IsPointer(kind) || kind == Kind::kRange) pointer = stage_.Right(form_, i);
  }
  const long to_the_end = -pointer / kPageBytes * kPageBytes;
  for (const long size : {-kPageBytes, LONG_MIN, to_the_end, to_the_end + kPageBytes}) {
    if (size == 0) continue;
    // Of 32 bits, a half may be the program's.
    if (size == LONG_MIN && calls::kWordBytes < sizeof(int64_t)) continue;
    Try(index, "that wraps", form_.arguments[index].foreign, [=] { return size; });
  }
}

void Attacker::TryUnusual(size_t index) {
  const Argument& argument = form_.arguments[index];
  if (!support::IsOpen(0) || argument.kind == Kind::kRange) {
    Try(index, "that is null", argument.null, [] { return 0; });
  }
  Try(index, "misaligned", argument.misaligned, [&] { return stage_.Misaligned(form_, index); });
}

unsigned Attacker::Attack() {
  FindPlaces();
  stage_.Prepare(form_);
  for (size_t i = 0; i < calls::kMostArguments; ++i) {
    const Argument& argument = form_.arguments[i];
    if (argument.kind == Kind::kSize) TrySizes(i);
    if (calls::IsPointer(argument.kind) || calls::IsAddress(argument.kind)) TryPlaces(i);
    TryEnds(i);
    TryWhatLeadsOn(i);
    if (argument.kind == Kind::kOut) {
      Try(i, "only to be read", argument.empty,
          [&] { return static_cast<long>(stage_.constant_page()); });
    }
  }
  for (size_t i = 0; i < calls::kMostArguments; ++i) {
    const Kind kind = form_.arguments[i].kind;
    if (calls::IsPointer(kind) || kind == Kind::kRange) TryUnusual(i);
  }
  Try(calls::kMostArguments, "(all are right)", {}, [] { return 0; });
  return failures_;
}

// In a process of its own, which comes back unharmed.
unsigned AttackInChild(const CallForm& form) {
  constexpr unsigned kLongestSeconds = 10;
  static unsigned char own[kPageBytes];
  constexpr int kValue = 0x6b;
  std::memset(own, kValue, sizeof own);
  alarm(kLongestSeconds);
  const unsigned failures = Attacker(form).Attack();
  for (const unsigned char byte : own) {
    if (byte != kValue) return failures + 1;
  }
  return failures;
}

void AttackForms(std::span<const CallForm> forms) {
  void* const shared =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(shared != MAP_FAILED, "memory");
  attempt = static_cast<Attempt*>(shared);
  for (const CallForm& form : forms) {
    if (!calls::NumberOf(form)) continue;
    const pid_t child = fork();
    if (child == 0) _exit(AttackInChild(form) == 0 ? 0 : 1);
    int status = 0;
    Require(child > 0 && waitpid(child, &status, 0) == child, "a process");
    if (WIFSIGNALED(status)) {
      Line line;
      line.Text("# signal ").Decimal(WTERMSIG(status)).Text(" after ").Text(attempt->form);
      line.Text(", argument ").Decimal(attempt->argument + 1).Text(" ").Text(attempt->what).Write();
    }
    Expect(status == 0, form.name);
  }
  Line().Text("# ").Decimal(attempt->number).Text(" attempts").Write();
  ExpectBystander();
}

constexpr support::Test kTests[] = {
    {"arguments of calls: memory", [] { AttackForms(calls::kMemoryForms); }},
    {"arguments of calls: processes", [] { AttackForms(calls::kProcessForms); }},
    {"arguments of calls: signals and time", [] { AttackForms(calls::kTimeForms); }},
    {"arguments of calls: files", [] { AttackForms(calls::kByteForms); }},
    {"arguments of calls: names of files", [] { AttackForms(calls::kNameForms); }},
    // Linux has none of them.
    {"arguments of calls: native threads", [] { AttackForms(calls::kNativeForms); }},
    {"arguments of calls: devices", [] { AttackForms(calls::kDeviceForms); }},
};

}  // namespace

Group CallTests() { return kTests; }

}  // namespace attack

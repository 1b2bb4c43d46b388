#pragma once

#include <mqueue.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "userspace/calls/call_list.h"

namespace attack {

// What the right arguments of calls lead to, and what wrong ones do: memory, files, and what else a
// call needs to come as far as the argument that is tried. Of one process.
class CallStage {
 public:
  CallStage();
  CallStage(const CallStage&) = delete;
  CallStage& operator=(const CallStage&) = delete;
  ~CallStage();

  // Makes all that the form's arguments lead to anew.
  void Prepare(const calls::CallForm& form);

  // Argument `index`, after Prepare(): a right one, the same but for its alignment, and one of
  // which the first half lies in front of `end`, where the program's memory ends.
  [[nodiscard]] long Right(const calls::CallForm& form, size_t index);
  [[nodiscard]] long Misaligned(const calls::CallForm& form, size_t index);
  [[nodiscard]] long Half(const calls::Argument& argument, uintptr_t end);
  // A right one of a kind that leads on, to `address`.
  [[nodiscard]] long LeadingTo(const calls::CallForm& form, size_t index, uintptr_t address);

  // A page that is not there, one without rights, and one that is only to be read.
  [[nodiscard]] uintptr_t hole() const { return arena_ + kArenaBytes; }
  [[nodiscard]] uintptr_t closed_page() const { return closed_page_; }
  [[nodiscard]] uintptr_t constant_page() const { return constant_page_; }

 private:
  static constexpr size_t kPagesOfArgument = 4;
  static constexpr size_t kArenaBytes =
      calls::kMostArguments * kPagesOfArgument * calls::kPageBytes;

  [[nodiscard]] uintptr_t PlaceOf(size_t index) const {
    return arena_ + index * kPagesOfArgument * calls::kPageBytes;
  }
  // What a pointer of that kind leads to, as far as it lies in front of `end`.
  void Fill(const calls::Argument& argument, uintptr_t address, uintptr_t end);
  void PrepareArgument(const calls::Argument& argument);
  void PrepareFile();
  void PreparePipe();
  void PrepareQueue();
  void PrepareMessages();
  void PrepareChild();
  void EndChild();

  uintptr_t arena_ = 0;
  uintptr_t closed_page_ = 0;
  uintptr_t constant_page_ = 0;
  int base_ = -1;  // the directory with all files
  int file_ = -1;
  int directory_ = -1;
  int pipe_ends_[2] = {-1, -1};
  mqd_t queue_ = -1;
  char queue_name_[32];
  int segment_ = -1;
  int messages_ = -1;
  int timer_ = -1;
  pid_t child_ = 0;
};

}  // namespace attack

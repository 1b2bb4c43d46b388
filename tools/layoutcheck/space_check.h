// Compares the page table of a process with its areas, and with those of the others, and a thread's
// with its process's: part of what CheckLayout() cannot know, as it sees one table.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/frame_set.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/process_list.h"

namespace layoutcheck {

// The frames of all processes. Filled first, and asked after Seal().
class SpaceFrames {
 public:
  // What a process's table maps, and the pages in which its table lies.
  void Add(const Process& process, std::span<const Mapping> runs,
           std::span<const PhysicalAddress> tables);
  // The same of a thread: of what its table maps, that which is its own.
  void Add(const Thread& thread, std::span<const Mapping> runs,
           std::span<const PhysicalAddress> tables);
  void Seal();

  // The frame of a page of global shared memory in the first process that has it.
  [[nodiscard]] PhysicalAddress BlockFrame(VirtualAddress page) const {
    return block_frames_.at(page);
  }

  // That processes' entries show more than once, in one of them or in several.
  [[nodiscard]] const FrameSet& shown_twice() const { return shown_twice_; }
  [[nodiscard]] const FrameSet& tables() const { return tables_; }

 private:
  void AddTables(std::span<const PhysicalAddress> tables);

  std::vector<PhysicalRange> shown_;
  std::map<VirtualAddress, PhysicalAddress> block_frames_;
  FrameSet shown_twice_;
  FrameSet tables_;
};

[[nodiscard]] std::vector<Finding> CheckSpace(const Layout& layout, const Process& process,
                                              std::span<const Mapping> runs,
                                              const SpaceFrames& frames);

// Outside of what is the thread's own, it maps what its process does, and nothing else; what it has
// of its own and somebody may write, nobody else has.
[[nodiscard]] std::vector<Finding> CheckThread(const Layout& layout, const Thread& thread,
                                               std::span<const Mapping> runs,
                                               std::span<const Mapping> runs_of_process,
                                               const SpaceFrames& frames);

}  // namespace layoutcheck

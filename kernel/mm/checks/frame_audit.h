// Whether frames have as many owners as page tables and objects show: the entries of all tables are
// counted, then each entry's frame is compared with what its descriptor says (user_frames.h). An
// entry that shows a frame of somebody else, or one that nobody took an owner's share for, makes a
// difference.
//
// Not locked: no table and no count changes meanwhile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"

namespace mm {

class FrameAudit {
 public:
  using Count = uint16_t;

  // Who owns a frame besides the entries that show it.
  enum class Keeper : uint8_t {
    kNobody,
    kObject,   // one
    kUnknown,  // either
  };

  // `counts` has room for each frame that `table` describes. Both outlive this.
  FrameAudit(const FrameTable& table, std::span<Count> counts) : table_(table), counts_(counts) {
    std::ranges::fill(counts_, Count{0});
  }

  // One more entry shows the frame.
  void Add(FrameNumber frame) {
    const size_t index = IndexOf(frame);
    if (index < counts_.size() && counts_[index] != kMany) ++counts_[index];
  }

  // Whether the entries that were added, and the keeper, are all the owners of the frame. Frames
  // that nobody counts have none, so that no entry may show them.
  [[nodiscard]] bool IsSound(FrameNumber frame, Keeper keeper) const {
    const size_t index = IndexOf(frame);
    if (index >= counts_.size()) return false;
    const uint32_t entries = counts_[index];
    if (entries == kMany) return true;
    const uint32_t owners = table_.Owners(frame);
    switch (keeper) {
      case Keeper::kNobody:
        return owners == entries;
      case Keeper::kObject:
        return owners == entries + 1;
      case Keeper::kUnknown:
        return owners == entries || owners == entries + 1;
    }
    return false;
  }

 private:
  static constexpr Count kMany = std::numeric_limits<Count>::max();  // or more

  // Wraps for frames below the first.
  [[nodiscard]] size_t IndexOf(FrameNumber frame) const {
    const uint64_t index = frame.value - table_.first().value;
    return static_cast<size_t>(std::min<uint64_t>(index, counts_.size()));
  }

  const FrameTable& table_;
  std::span<Count> counts_;
};

}  // namespace mm

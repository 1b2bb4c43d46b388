// Where a node's largest gaps are, so that a search for more pages than most gaps have need not
// look at each, nor a change of one gap at the others.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <utility>

namespace mm {

// Of gaps that have slots: which is the largest, which comes second, and how many pages each of the
// others has at most. The second is not always known; it is the largest itself then. How many pages
// a gap has is not kept here: `pages_of`, a function of slots, tells. Which gap is larger cannot be
// predicted; where that is all that is asked there are no branches.
template <std::unsigned_integral Pages>
class LargestGaps {
 public:
  [[nodiscard]] unsigned largest() const { return largest_; }

  // No gap but the largest and the second has more pages; perhaps they all have less.
  [[nodiscard]] Pages others() const { return others_; }

  // Whether no gaps but those in FewSlots() have that many pages.
  [[nodiscard]] bool AreFew(std::unsigned_integral auto pages) const { return others_ < pages; }

  // The slots of the gaps of that many pages, the lower first, when they are few; twice that of the
  // largest when no other has as many.
  template <class PagesOf>
  [[nodiscard]] std::pair<unsigned, unsigned> FewSlots(std::unsigned_integral auto pages,
                                                       const PagesOf& pages_of) const {
    const unsigned second = pages_of(second_) >= pages ? second_ : largest_;
    return {std::min<unsigned>(largest_, second), std::max<unsigned>(largest_, second)};
  }

  // Whether it matters when the gap becomes smaller; when not, it needs no Change() for that.
  [[nodiscard]] bool IsTracked(unsigned slot) const { return slot == largest_ || slot == second_; }

  // A gap has come to `slot`, and those from there on have moved up. Its Change() is to follow.
  void MakeRoom(unsigned slot) {
    largest_ += static_cast<uint8_t>(largest_ >= slot);
    second_ += static_cast<uint8_t>(second_ >= slot);
  }

  // The gap in `slot`, which is not 0, has become one with the gap before, and those above have
  // moved down. Change() of the one before is to follow.
  void Join(unsigned slot) {
    largest_ -= static_cast<uint8_t>(largest_ >= slot);
    second_ -= static_cast<uint8_t>(second_ >= slot);
  }

  // The gap in `slot`, one of `count`, has another number of pages now; all others are as they were
  // at the last call. O(1), seldom O(count).
  template <class PagesOf>
  void Change(unsigned slot, unsigned count, const PagesOf& pages_of) {
    const Pages pages = pages_of(slot);
    if (slot != largest_) {
      second_ = second_ == slot ? largest_ : second_;
    } else if (second_ != largest_) {
      largest_ = second_;
    } else {
      if (pages < others_) Scan(count, pages_of);
      return;
    }
    // Now the gap is one of the others.
    const Pages largest_pages = pages_of(largest_);
    const Pages second_pages = second_ == largest_ ? others_ : pages_of(second_);
    others_ = std::max(others_, std::min(pages, second_pages));
    second_ = static_cast<uint8_t>(pages > second_pages ? slot : second_);
    second_ = pages > largest_pages ? largest_ : second_;
    largest_ = static_cast<uint8_t>(pages > largest_pages ? slot : largest_);
  }

  // Looks at all gaps, of which there are `count`, not 0.
  template <class PagesOf>
  void Scan(unsigned count, const PagesOf& pages_of) {
    unsigned largest = 0;
    unsigned second = 0;
    Pages largest_pages = pages_of(0);
    Pages second_pages = 0;
    Pages others = 0;
    for (unsigned slot = 1; slot < count; ++slot) {
      const Pages pages = pages_of(slot);
      others = std::max(others, std::min(pages, second_pages));
      second = pages > second_pages ? slot : second;
      second = pages > largest_pages ? largest : second;
      second_pages = std::max(second_pages, std::min(pages, largest_pages));
      largest = pages > largest_pages ? slot : largest;
      largest_pages = std::max(largest_pages, pages);
    }
    largest_ = static_cast<uint8_t>(largest);
    second_ = static_cast<uint8_t>(second);
    others_ = others;
  }

  // Whether all of this is so.
  template <class PagesOf>
  [[nodiscard]] bool IsRight(unsigned count, const PagesOf& pages_of) const {
    if (largest_ >= count || second_ >= count) return false;
    if (pages_of(second_) > pages_of(largest_) || pages_of(second_) < others_) return false;
    for (unsigned slot = 0; slot < count; ++slot) {
      if (slot != largest_ && slot != second_ && pages_of(slot) > others_) return false;
    }
    return true;
  }

 private:
  uint8_t largest_ = 0;
  uint8_t second_ = 0;
  Pages others_ = 0;
};

}  // namespace mm

#include "kernel/sched/timer_queue.h"

namespace sched {

// The later of two roots becomes the other's first child.
Timer* TimerQueue::Meld(Timer* left, Timer* right) {
  if (left == nullptr) return right;
  if (right == nullptr) return left;
  if (right->deadline_ < left->deadline_) std::swap(left, right);
  right->next_ = left->child_;
  if (right->next_ != nullptr) right->next_->previous_ = right;
  right->previous_ = left;
  left->child_ = right;
  return left;
}

// Pairs from the first to the last, then all pairs from the last to the first: that keeps the
// average cost logarithmic. Pairs wait in a list through next_.
Timer* TimerQueue::MeldChildren(Timer* first) {
  Timer* pairs = nullptr;
  while (first != nullptr) {
    Timer* const left = first;
    Timer* const right = left->next_;
    first = right == nullptr ? nullptr : right->next_;
    left->next_ = left->previous_ = nullptr;
    if (right != nullptr) right->next_ = right->previous_ = nullptr;
    Timer* const pair = Meld(left, right);
    pair->next_ = pairs;
    pairs = pair;
  }
  Timer* root = nullptr;
  while (pairs != nullptr) {
    Timer* const pair = std::exchange(pairs, pairs->next_);
    pair->next_ = nullptr;
    root = Meld(root, pair);
  }
  return root;
}

void TimerQueue::Set(Timer& timer, Deadline deadline) {
  CHECK(!timer.is_set_);
  timer.is_set_ = true;
  timer.deadline_ = deadline;
  root_ = Meld(root_, &timer);
}

void TimerQueue::Cancel(Timer& timer) {
  if (!timer.is_set_) return;
  Timer* const children = MeldChildren(std::exchange(timer.child_, nullptr));
  if (&timer == root_) {
    root_ = children;
  } else {
    const bool is_first = timer.previous_->child_ == &timer;
    (is_first ? timer.previous_->child_ : timer.previous_->next_) = timer.next_;
    if (timer.next_ != nullptr) timer.next_->previous_ = timer.previous_;
    root_ = Meld(root_, children);
  }
  timer.next_ = timer.previous_ = nullptr;
  timer.is_set_ = false;
}

void TimerQueue::Expire(uint64_t now) {
  while (root_ != nullptr && root_->deadline_.nanoseconds <= now) {
    Timer& timer = *root_;
    Cancel(timer);
    timer.OnExpired();
  }
}

bool TimerQueue::IsSound(const Timer& parent) {
  const Timer* previous = &parent;
  for (const Timer* child = parent.child_; child != nullptr; child = child->next_) {
    if (!child->is_set_ || child->previous_ != previous || child->deadline_ < parent.deadline_ ||
        !IsSound(*child)) {
      return false;
    }
    previous = child;
  }
  return true;
}

base::Result<> TimerQueue::CheckInvariants() const {
  const bool is_sound = root_ == nullptr || (root_->is_set_ && root_->next_ == nullptr &&
                                             root_->previous_ == nullptr && IsSound(*root_));
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace sched

// Text of any length on the heap, for files that are made up as they are read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/fs/object.h"

namespace fs {

class GrowingText final : public base::Sink {
 public:
  explicit GrowingText(Memory& memory) : memory_(memory) {}
  GrowingText(const GrowingText&) = delete;
  GrowingText& operator=(const GrowingText&) = delete;
  ~GrowingText() { memory_.Free(data_); }

  // Text for which there is no memory is lost, and IsComplete() says so.
  void Write(std::string_view text) override {
    if (text.empty()) return;
    if (!Reserve(size_ + text.size())) {
      is_complete_ = false;
      return;
    }
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }

  // Begins anew; keeps its memory.
  void Clear() {
    size_ = 0;
    is_complete_ = true;
  }

  [[nodiscard]] std::string_view text() const { return {data_, size_}; }
  [[nodiscard]] bool IsComplete() const { return is_complete_; }

 private:
  static constexpr size_t kFirstBytes = 1024;

  [[nodiscard]] bool Reserve(size_t bytes) {
    if (bytes <= capacity_) return true;
    const size_t capacity = std::max({bytes, 2 * capacity_, kFirstBytes});
    const base::Result<void*> block = memory_.Allocate(capacity);
    if (!block) return false;
    if (size_ > 0) std::memcpy(*block, data_, size_);
    memory_.Free(data_);
    data_ = static_cast<char*>(*block);
    capacity_ = capacity;
    return true;
  }

  Memory& memory_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  bool is_complete_ = true;
};

}  // namespace fs

#include "kernel/fs/proc_node.h"

#include <algorithm>
#include <array>
#include <span>

#include "kernel/base/check.h"
#include "kernel/fs/growing_text.h"

namespace fs::proc {

using posix::Errno;
using posix::FileType;

std::optional<int32_t> NumberOf(std::string_view name) {
  constexpr size_t kMostDigits = 9;
  if (name.empty() || name.size() > kMostDigits || (name[0] == '0' && name.size() > 1)) {
    return std::nullopt;
  }
  int32_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

Digits::Digits(int32_t number) {
  constexpr int32_t kBase = 10;
  do {
    text_[--first_] = static_cast<char>('0' + number % kBase);
    number /= kBase;
  } while (number > 0);
}

ProcNode::ProcNode(Memory& memory, const ProcParts& parts, Ref<Inode> parent, std::string_view name,
                   const posix::FileStatus& status)
    : Inode(memory, parts.environment, status),
      parts_(parts),
      parent_(std::move(parent)),
      name_bytes_(name.size()) {
  CHECK(name.size() <= kNameBytes);
  std::ranges::copy(name, name_.begin());
  posix::FileStatus& own = this->status();
  own.containing_device = kProcDevice;
  own.accessed = own.modified = own.changed = parts.environment.Now();
}

bool ProcNode::ListSelf(uint64_t position, DirectoryVisitor visitor) const {
  const DirectoryEntry self = {".", number(), FileType::kDirectory, 1};
  if (position == 0 && visitor(self) == Listing::kStop) return false;
  const DirectoryEntry parent = {"..", parent_number(), FileType::kDirectory, kFirstPosition};
  return position > 1 || visitor(parent) == Listing::kGoOn;
}

namespace {

class TextFile final : public OpenFile {
 public:
  TextFile(Memory& memory, Ref<Inode> inode, uint32_t flags)
      : OpenFile(memory, std::move(inode), flags), text_(memory) {}

  posix::Result<size_t> Read(Destination& destination) override {
    const size_t count = TRY(ReadAt(position(), destination));
    SetPosition(position() + count);
    return count;
  }

  posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination) override {
    if (offset == 0 || !is_made_) {
      text_.Clear();
      TRY(static_cast<TextNode&>(inode()).PrintTo(text_));
      if (!text_.IsComplete()) return std::unexpected(Errno::kOutOfMemory);
      is_made_ = true;
    }
    const std::string_view text = text_.text();
    if (offset >= text.size() || destination.left() == 0) return size_t{0};
    const std::string_view wanted = text.substr(static_cast<size_t>(offset), destination.left());
    const size_t put = destination.Put(std::as_bytes(std::span(wanted)));
    return put < wanted.size() ? MovedOrFault(put) : posix::Result<size_t>(put);
  }

  posix::Result<size_t> Write(Source& source) override {
    std::array<char, kMostWritten> text;
    if (source.left() > text.size()) return std::unexpected(Errno::kInvalid);
    const size_t wanted = source.left();
    const size_t count = source.Take(std::as_writable_bytes(std::span(text)));
    if (count < wanted) return std::unexpected(Errno::kFault);
    TRY(static_cast<TextNode&>(inode()).Set({text.data(), count}));
    return count;
  }
  posix::Result<size_t> WriteAt(uint64_t, Source&) override {
    return std::unexpected(Errno::kInvalid);
  }

 private:
  // A setting is a number.
  static constexpr size_t kMostWritten = 16;

  GrowingText text_;
  bool is_made_ = false;
};

}  // namespace

posix::Result<Ref<OpenFile>> TextNode::Open(uint32_t flags) {
  const bool may_write = (status().permissions & kSettingPermissions & ~kFilePermissions) != 0;
  if ((flags & posix::open_flag::kAccessMode) != posix::open_flag::kReadOnly && !may_write) {
    return std::unexpected(Errno::kAccess);
  }
  return TRY(MakeObject<TextFile>(memory(), Ref<Inode>(this), flags));
}

}  // namespace fs::proc

#include "kernel/fs/disk.h"

#include <algorithm>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/sync/cpu.h"

namespace fs {

using mm::PageMove;
using posix::Errno;

Disk::~Disk() { CHECK(driver_ == nullptr && unsent_.IsEmpty() && sent_.IsEmpty()); }

// --- The driver's side --------------------------------------------------------------------------

posix::Result<> Disk::Offer(DiskDriver& driver, uint64_t size_bytes, Writing writing) {
  if (driver_ != nullptr) return std::unexpected(Errno::kExists);
  const bool is_sound = size_bytes != 0 && size_bytes % kSectorBytes == 0;
  if (!is_sound || size_bytes > mm::PagedObject::kMostBytes) {
    return std::unexpected(Errno::kInvalid);
  }
  if (object_ == nullptr) {
    auto made = mm::PagedObject::Create(pool_, size_bytes, this);
    if (!made) return std::unexpected(Errno::kOutOfMemory);
    object_ = &made->object;
    reference_ = std::move(made->reference);
  } else if (size_bytes != size_bytes_) {
    // Another one: nobody sees anything of the old one any more.
    CHECK(object_->Resize(0).has_value() && object_->Resize(size_bytes).has_value());
  }
  size_bytes_ = size_bytes;
  writing_ = writing;
  driver_ = &driver;
  return {};
}

void Disk::Revoke(Device device) {
  driver_ = nullptr;
  while (Transfer* const transfer = unsent_.first()) End(*transfer, PageMove::kFailed);
  while (Transfer* const transfer = sent_.first()) {
    const bool may_change = transfer->kind_ == TransferKind::kRead;
    if (device == Device::kMayStillWrite && may_change) {
      static_cast<void>(transfer->frame_->Detach());
      lost_pages_ += mm::PageCount{1};
    }
    End(*transfer, PageMove::kFailed);
  }
  sent_count_ = 0;
}

std::optional<TransferOrder> Disk::Take() {
  if (driver_ == nullptr || unsent_.IsEmpty() || sent_count_ == kMostSent) return std::nullopt;
  Transfer& transfer = *unsent_.PopFront();
  sent_.PushBack(transfer);
  ++sent_count_;
  TransferOrder order = {.number = transfer.number_, .kind = transfer.kind_};
  if (transfer.frame_) {
    order.memory = mm::BaseOf(transfer.frame_->frame());
    order.offset = mm::PageCount{transfer.page_}.bytes();
    order.size_bytes = BytesOf(transfer.page_);
  }
  return order;
}

posix::Result<> Disk::Finish(uint32_t number, Ending ending) {
  Transfer* found = nullptr;
  for (Transfer& transfer : sent_) {
    if (transfer.number_ == number) found = &transfer;
  }
  if (found == nullptr) return std::unexpected(Errno::kNoEntry);
  --sent_count_;
  End(*found, ending == Ending::kFailed ? PageMove::kFailed : Keep(*found));
  return {};
}

PageMove Disk::Keep(Transfer& transfer) {
  if (transfer.kind_ != TransferKind::kRead) return PageMove::kDone;
  const auto put = object_->PutPage(transfer.page_, std::move(*transfer.frame_));
  if (put) return PageMove::kDone;
  return put.error() == base::Error::kOutOfMemory ? PageMove::kOutOfMemory : PageMove::kFailed;
}

void Disk::End(Transfer& transfer, PageMove end) {
  const Ref<Transfer> kept = std::exchange(transfer.kept_, {});
  transfer.Unlink();
  transfer.frame_.reset();
  transfer.end_ = end;
  transfer.ended_.WakeAll();
}

// --- Who waits ----------------------------------------------------------------------------------

std::expected<Ref<Transfer>, PageMove> Disk::Start(TransferKind kind, uint64_t page,
                                                   std::optional<mm::FrameReference> frame) {
  if (driver_ == nullptr || !driver_->MayBeAwaited()) return std::unexpected(PageMove::kFailed);
  auto transfer = MakeObject<Transfer>(memory_, kind, page, std::move(frame));
  if (!transfer) return std::unexpected(PageMove::kOutOfMemory);
  (*transfer)->number_ = ++last_number_;
  (*transfer)->kept_ = *transfer;
  unsent_.PushBack(**transfer);
  driver_->OnTransfers();
  return *transfer;
}

PageMove Disk::WaitFor(Transfer& transfer) {
  while (!transfer.end_) {
    if (transfer.ended_.Wait() == sched::WaitResult::kInterrupted && !transfer.end_) {
      return PageMove::kInterrupted;
    }
  }
  return *transfer.end_;
}

PageMove Disk::Do(TransferKind kind, uint64_t page, std::optional<mm::FrameReference> frame) {
  const auto started = Start(kind, page, std::move(frame));
  return started ? WaitFor(**started) : started.error();
}

uint32_t Disk::BytesOf(uint64_t page) const {
  return static_cast<uint32_t>(std::min(mm::kPageSize, size_bytes_ - mm::PageCount{page}.bytes()));
}

Transfer* Disk::ScanForLoading(uint64_t page) {
  for (base::List<Transfer>* const list : {&unsent_, &sent_}) {
    for (Transfer& transfer : *list) {
      if (transfer.kind_ == TransferKind::kRead && transfer.page_ == page) return &transfer;
    }
  }
  return nullptr;
}

base::Result<> Disk::FillPage(uint64_t, std::span<std::byte, mm::kPageSize>) {
  return std::unexpected(base::Error::kNotFound);
}

PageMove Disk::LoadPage(uint64_t number) {
  if (number >= mm::PagesFor(size_bytes_).value) return PageMove::kFailed;
  if (object_->HasPage(number)) return PageMove::kDone;
  if (Transfer* const under_way = ScanForLoading(number)) {
    const Ref<Transfer> transfer(under_way);
    return driver_->MayBeAwaited() ? WaitFor(*transfer) : PageMove::kFailed;
  }
  auto frame = pool_.frames().AllocateZeroed();
  if (!frame) return PageMove::kOutOfMemory;
  return Do(TransferKind::kRead, number, std::move(*frame));
}

// Which pages were changed through mappings, nobody knows.
PageMove Disk::StorePages(uint64_t first, uint64_t last) {
  if (!IsWritable()) return PageMove::kDone;
  auto number = object_->FindPageFrom(first);
  while (number && *number <= last) {
    auto frame = object_->FindPage(*number);
    if (frame) {
      const PageMove stored = Do(TransferKind::kWrite, *number, std::move(*frame));
      if (stored != PageMove::kDone) return stored;
    }
    number = object_->FindPageFrom(*number + 1);
  }
  return Do(TransferKind::kFlush, 0, std::nullopt);
}

posix::Result<> Disk::Sync() {
  if (object_ == nullptr || driver_ == nullptr) return {};
  return ResultOf(StorePages(0, mm::PagesFor(size_bytes_).value));
}

// --- Files --------------------------------------------------------------------------------------

posix::Result<size_t> Disk::ReadAt(uint64_t offset, Destination& destination) {
  size_t done = 0;
  while (destination.left() > 0 && offset + done < size_bytes_) {
    const uint64_t at = offset + done;
    const uint64_t number = at / mm::kPageSize;
    const auto in_page = static_cast<size_t>(at % mm::kPageSize);
    const size_t piece = std::min(destination.left(), BytesOf(number) - in_page);
    const auto loaded = ResultOf(LoadPage(number));
    auto frame = object_->FindPage(number);
    if (!loaded || !frame) {
      if (done > 0) return done;
      return std::unexpected(loaded ? Errno::kInputOutput : loaded.error());
    }
    const locking::CpuPin pin;
    const mm::FrameWindow window = pool_.frames().windows().Open(pin, frame->frame());
    const size_t put = destination.Put(window.bytes().subspan(in_page, piece));
    done += put;
    if (put < piece) return MovedOrFault(done);
  }
  return done;
}

posix::Result<size_t> Disk::WriteAt(uint64_t offset, Source& source) {
  if (!IsWritable()) return std::unexpected(Errno::kReadOnly);
  if (source.left() > 0 && offset >= size_bytes_) return std::unexpected(Errno::kNoSpace);
  size_t done = 0;
  while (source.left() > 0 && offset + done < size_bytes_) {
    const auto written = WritePiece(offset + done, source);
    if (!written) {
      if (done > 0) return done;
      return std::unexpected(written.error());
    }
    done += *written;
  }
  return done;
}

// As far as one page goes, and on to the disk.
posix::Result<size_t> Disk::WritePiece(uint64_t offset, Source& source) {
  const uint64_t number = offset / mm::kPageSize;
  const auto in_page = static_cast<size_t>(offset % mm::kPageSize);
  TRY(ResultOf(LoadPage(number)));
  auto frame = object_->FindPage(number);
  if (!frame) return std::unexpected(Errno::kInputOutput);
  size_t taken = 0;
  {
    const size_t piece = std::min(source.left(), BytesOf(number) - in_page);
    const locking::CpuPin pin;
    const mm::FrameWindow window = pool_.frames().windows().Open(pin, frame->frame());
    taken = source.Take(window.bytes().subspan(in_page, piece));
  }
  if (taken == 0) return std::unexpected(Errno::kFault);
  TRY(ResultOf(Do(TransferKind::kWrite, number, std::move(*frame))));
  return taken;
}

base::Result<> Disk::CheckInvariants() {
  size_t sent = 0;
  bool is_sound = driver_ != nullptr || (unsent_.IsEmpty() && sent_.IsEmpty());
  for (base::List<Transfer>* const list : {&unsent_, &sent_}) {
    for (const Transfer& transfer : *list) {
      is_sound = is_sound && transfer.kept_.get() == &transfer && !transfer.end_ &&
                 transfer.frame_.has_value() == (transfer.kind_ != TransferKind::kFlush);
      if (list == &sent_) ++sent;
    }
  }
  is_sound = is_sound && sent == sent_count_ && sent_count_ <= kMostSent;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace fs

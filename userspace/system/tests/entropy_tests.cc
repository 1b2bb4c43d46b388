// What a source of random bytes gives arrives as it was given: as /system/dispatcher this has the
// driver and keeps what it brings, as the first process it asks for that and compares. The
// machine's source is a file whose line n is n itself, in 15 digits. KTAP.

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <expected>
#include <span>
#include <string_view>
#include <utility>

#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/support/test.h"
#include "userspace/system/discovery.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/guard.h"
#include "userspace/system/loaded_object.h"
#include "userspace/system/tests/disk_lines.h"

namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;
using trial::HoldsLines;
using trial::kLineBytes;

// Of what arrived: so much goes back at a time.
constexpr size_t kPieceBytes = 32;

enum class Question : uint32_t {
  kStir = 1,  // replies: 0, or an error
  kTake = 2,  // replies: bytes that have arrived and were not taken, then the first of them
};

// --- The system process -------------------------------------------------------------------------

alignas(atlas::InterruptTable::kBytes) constinit atlas::InterruptTable table{};

class OneObject final : public dispatch::DriverLoader {
 public:
  std::expected<const drivers::DriverEntry*, const char*> Load(const char* path) override {
    auto loaded = dispatch::LoadedObject::Load(path);
    if (!loaded.has_value()) return std::unexpected(loaded.error());
    object_ = *std::move(loaded);
    return &object_.entry();
  }
  void Discard(const drivers::DriverEntry&) override { object_.Discard(); }

 private:
  dispatch::LoadedObject object_;
};

class KeepingOutlets final : public dispatch::Outlets {
 public:
  void Type(const char*, size_t) override {}
  void Stir(const void* bytes, size_t size_bytes) override {
    const size_t count = std::min(size_bytes, bytes_.size() - count_);
    std::memcpy(bytes_.data() + count_, bytes, count);
    count_ += count;
  }
  void Finish(uint64_t, drivers::Status) override {}
  void Forget(const drivers::DeviceDescription&, Quiet) override {}
  void Report(const char* text) override {
    std::printf("# %s\n", text);
    std::fflush(stdout);
  }

  size_t count() const { return count_; }
  void Take(void* to) {
    std::memcpy(to, bytes_.data(), kPieceBytes);
    count_ -= kPieceBytes;
    std::memmove(bytes_.data(), bytes_.data() + kPieceBytes, count_);
  }

 private:
  std::array<std::byte, 4096> bytes_;
  size_t count_ = 0;
};

void Answer(const atlas::Message& question, dispatch::Dispatcher& dispatcher,
            KeepingOutlets& outlets) {
  atlas::Message reply{};
  reply.call = question.call;
  if (question.function == static_cast<uint32_t>(Question::kStir)) {
    drivers::DriverRequest request{};
    request.function = drivers::RequestFunction::kStir;
    const auto asked = dispatcher.Request(request);
    reply.arguments[0] = asked.has_value() ? 0 : 1 + static_cast<uint64_t>(asked.error());
  } else {
    reply.arguments[0] = outlets.count();
    if (outlets.count() >= kPieceBytes) outlets.Take(&reply.arguments[1]);
  }
  (void)atlas::Reply(question.sender, reply);
}

[[noreturn]] void Serve() {
  static KeepingOutlets outlets;
  static OneObject loader;
  if (!dispatch::PrepareGuard() || atlas::BecomeNative() == nullptr ||
      atlas::ShowInterruptTable(table) < 0) {
    _exit(1);
  }
  static dispatch::Dispatcher dispatcher(loader, outlets, table);
  static drivers::DeviceList devices;
  dispatch::FindDevices(devices, outlets);
  dispatcher.AddDevices(devices.all());
  dispatcher.AddDriver("/lib/drivers/virtio_entropy.so");
  dispatcher.Bind();
  while (true) {
    const atlas::Message* const message = atlas::Receive();
    if (message == nullptr) continue;
    if (atlas::IsInterrupt(*message)) {
      dispatcher.OnInterrupt(atlas::LineOf(*message));
    } else {
      Answer(*message, dispatcher, outlets);
    }
  }
}

// --- Who asks -----------------------------------------------------------------------------------

// As soon as somebody receives.
atlas::Message Ask(Question question) {
  atlas::Message message{};
  message.function = static_cast<uint32_t>(question);
  atlas::Message reply;
  for (long result; (result = atlas::Call(atlas::kSystemThread, message, reply)) != 0;) {
    Require(result == -ESRCH, "an answer");
    sched_yield();
  }
  return reply;
}

struct Piece {
  char bytes[kPieceBytes];
};

Piece TakePiece() {
  atlas::Message reply = Ask(Question::kTake);
  while (reply.arguments[0] < kPieceBytes) {
    // It may be under way: then it is refused.
    (void)Ask(Question::kStir);
    reply = Ask(Question::kTake);
  }
  Piece piece;
  std::memcpy(piece.bytes, &reply.arguments[1], sizeof piece.bytes);
  return piece;
}

void BytesAreThoseOfTheSource() {
  constexpr int kPieces = 64;
  uint64_t offset = 0;
  for (int i = 0; i < kPieces; ++i, offset += kPieceBytes) {
    const Piece piece = TakePiece();
    Expect(HoldsLines(piece.bytes, offset, kPieceBytes), "the next lines");
  }
}

// Whether they are taken in shows in nothing that is read: the bytes are others anyhow.
void DevRandomMayBeWrittenTo() {
  const Piece piece = TakePiece();
  const int file = open("/dev/random", O_RDWR);
  Require(file >= 0, "/dev/random");
  Piece before;
  Piece after;
  Require(read(file, before.bytes, sizeof before.bytes) == ssize_t{sizeof before.bytes}, "bytes");
  ExpectEqual(write(file, piece.bytes, sizeof piece.bytes), ssize_t{sizeof piece.bytes}, "a write");
  Require(read(file, after.bytes, sizeof after.bytes) == ssize_t{sizeof after.bytes}, "bytes");
  Expect(std::memcmp(before.bytes, after.bytes, sizeof after.bytes) != 0, "others than before");
  Expect(std::memcmp(piece.bytes, after.bytes, sizeof after.bytes) != 0, "and than were given");
  close(file);
}

constexpr support::Test kTests[] = {
    {"random bytes are those of the source", BytesAreThoseOfTheSource},
    {"/dev/random may be written to", DevRandomMayBeWrittenTo},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 0 && std::string_view(argv[0]) == "/system/dispatcher") Serve();
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}

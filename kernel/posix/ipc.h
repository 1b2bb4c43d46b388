// Numbers and structures of System V's message queues and shared memory, and of POSIX's message
// queues, as Linux has them (include/uapi/linux/ipc.h, msg.h, shm.h, mqueue.h;
// include/uapi/asm-generic/ipcbuf.h, msgbuf.h, shmbuf.h).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace posix::ipc {

inline constexpr int32_t kPrivate = 0;  // IPC_PRIVATE

// Flags of msgget and shmget beside the nine bits of the mode.
inline constexpr int kCreate = 01000;     // IPC_CREAT
inline constexpr int kExclusive = 02000;  // IPC_EXCL
inline constexpr int kModeMask = 0777;
// In the mode that shmctl tells: removed, and still attached somewhere.
inline constexpr uint32_t kRemovedMode = 01000;  // SHM_DEST
// Of msgsnd and msgrcv.
inline constexpr int kNoWait = 04000;    // IPC_NOWAIT
inline constexpr int kNoError = 010000;  // MSG_NOERROR
inline constexpr int kExcept = 020000;   // MSG_EXCEPT
inline constexpr int kCopy = 040000;     // MSG_COPY
// Of shmat.
inline constexpr int kReadOnly = 010000;  // SHM_RDONLY
inline constexpr int kRound = 020000;     // SHM_RND
inline constexpr int kRemap = 040000;     // SHM_REMAP
inline constexpr int kExecute = 0100000;  // SHM_EXEC

// Commands of msgctl and shmctl. ARM adds kNewStructures to say which structures are meant.
inline constexpr int kRemove = 0;             // IPC_RMID
inline constexpr int kSet = 1;                // IPC_SET
inline constexpr int kStatus = 2;             // IPC_STAT
inline constexpr int kNewStructures = 0x100;  // IPC_64

// Words and moments of a 32-bit and of a 64-bit interface. A moment is in seconds.
template <std::unsigned_integral Word>
struct Moment {
  Word low = 0;
  Word high = 0;

  static constexpr Moment At(uint64_t seconds) {
    return {static_cast<Word>(seconds), static_cast<Word>(seconds >> 32)};
  }
};
template <>
struct Moment<uint64_t> {
  uint64_t seconds = 0;

  static constexpr Moment At(uint64_t seconds) { return {seconds}; }
};

template <std::unsigned_integral Word>
struct Permissions {
  int32_t key = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t creator_uid = 0;
  uint32_t creator_gid = 0;
  uint32_t mode = 0;  // ARM has 16 bits and 16 of padding here
  uint16_t sequence = 0;
  std::array<uint8_t, sizeof(Word) - sizeof(uint16_t)> padding{};
  std::array<Word, 2> unused{};
};
static_assert(sizeof(Permissions<uint32_t>) == 36);
static_assert(sizeof(Permissions<uint64_t>) == 48);

// msqid64_ds
template <std::unsigned_integral Word>
struct QueueStatus {
  Permissions<Word> permissions;
  Moment<Word> sent;
  Moment<Word> received;
  Moment<Word> changed;
  Word used_bytes = 0;
  Word messages = 0;
  Word limit_bytes = 0;
  int32_t last_sender = 0;
  int32_t last_receiver = 0;
  std::array<Word, 2> unused{};
};
static_assert(sizeof(QueueStatus<uint32_t>) == 88);
static_assert(sizeof(QueueStatus<uint64_t>) == 120);
static_assert(offsetof(QueueStatus<uint64_t>, limit_bytes) == 88);

// shmid64_ds
template <std::unsigned_integral Word>
struct SegmentStatus {
  Permissions<Word> permissions;
  Word size_bytes = 0;
  Moment<Word> attached;
  Moment<Word> detached;
  Moment<Word> changed;
  int32_t creator = 0;
  int32_t last_user = 0;
  Word attachments = 0;
  std::array<Word, 2> unused{};
};
static_assert(sizeof(SegmentStatus<uint32_t>) == 84);
static_assert(sizeof(SegmentStatus<uint64_t>) == 112);
static_assert(offsetof(SegmentStatus<uint64_t>, creator) == 80);

// struct mq_attr: signed, but nothing here is negative that makes sense.
template <std::unsigned_integral Word>
struct QueueAttributes {
  Word flags = 0;  // O_NONBLOCK
  Word most_messages = 0;
  Word message_bytes = 0;
  Word messages = 0;
  std::array<Word, 4> unused{};
};

// Priorities of POSIX's messages are below it: MQ_PRIO_MAX.
inline constexpr uint32_t kPriorities = 32768;

}  // namespace posix::ipc

#include "kernel/process/pid_table.h"

#include <new>
#include <utility>

#include "kernel/base/check.h"

namespace process {

PidTable::~PidTable() {
  for (Chunk* const chunk : chunks_) memory_.Free(chunk);
}

PidTable::Names PidTable::Find(Pid pid) const {
  if (pid <= 0 || pid >= kLimit) return {};
  const auto number = static_cast<size_t>(pid);
  const Chunk* const chunk = chunks_[number / kPerChunk];
  return chunk == nullptr ? Names{} : chunk->names[number % kPerChunk];
}

PidTable::Names& PidTable::Of(Pid pid) {
  CHECK(pid > 0 && pid < kLimit);
  const auto number = static_cast<size_t>(pid);
  Chunk* const chunk = chunks_[number / kPerChunk];
  CHECK(chunk != nullptr && !chunk->names[number % kPerChunk].IsFree());
  return chunk->names[number % kPerChunk];
}

base::Result<PidTable::Chunk*> PidTable::EnsureChunk(size_t index) {
  if (chunks_[index] == nullptr) {
    chunks_[index] = new (TRY(memory_.Allocate(sizeof(Chunk)))) Chunk;
  }
  return chunks_[index];
}

base::Result<Pid> PidTable::Take(UserThread& thread) {
  Pid pid = last_;
  for (Pid tries = 0; tries < kLimit; ++tries) {
    pid = pid + 1 < kLimit ? pid + 1 : kFirstReused;
    const auto number = static_cast<size_t>(pid);
    Chunk& chunk = *TRY(EnsureChunk(number / kPerChunk));
    if (chunk.used == kPerChunk) {  // on to the last of this chunk
      pid = static_cast<Pid>(number | (kPerChunk - 1));
      continue;
    }
    Names& names = chunk.names[number % kPerChunk];
    if (!names.IsFree()) continue;
    names.thread = &thread;
    ++chunk.used;
    ++used_;
    const size_t left = static_cast<size_t>(std::exchange(last_, pid)) / kPerChunk;
    FreeIfEmpty(left);
    return pid;
  }
  return std::unexpected(base::Error::kNotFound);
}

void PidTable::DropIfFree(Pid pid) {
  CHECK(pid > 0 && pid < kLimit);
  const size_t index = static_cast<size_t>(pid) / kPerChunk;
  Chunk* const chunk = chunks_[index];
  CHECK(chunk != nullptr);
  if (!chunk->names[static_cast<size_t>(pid) % kPerChunk].IsFree()) return;
  --used_;
  --chunk->used;
  FreeIfEmpty(index);
}

// The chunk that numbers come from now stays: the next one would make it again.
void PidTable::FreeIfEmpty(size_t index) {
  if (index != static_cast<size_t>(last_) / kPerChunk) FreeIfUnused(index);
}

void PidTable::FreeIfUnused(size_t index) {
  if (chunks_[index] == nullptr || chunks_[index]->used > 0) return;
  memory_.Free(std::exchange(chunks_[index], nullptr));
}

void PidTable::DropCaches() { FreeIfUnused(static_cast<size_t>(last_) / kPerChunk); }

Pid PidTable::ScanForProcess(Pid after) const {
  for (Pid pid = after < 0 ? 1 : after + 1; pid < kLimit; ++pid) {
    const auto number = static_cast<size_t>(pid);
    const Chunk* const chunk = chunks_[number / kPerChunk];
    if (chunk == nullptr || chunk->used == 0) {
      pid = static_cast<Pid>(number | (kPerChunk - 1));
      continue;
    }
    if (chunk->names[number % kPerChunk].process != nullptr) return pid;
  }
  return 0;
}

base::Result<> PidTable::CheckInvariants() const {
  size_t used = 0;
  for (const Chunk* const chunk : chunks_) {
    if (chunk == nullptr) continue;
    size_t used_here = 0;
    for (const Names& names : chunk->names) used_here += names.IsFree() ? 0 : 1;
    if (used_here != chunk->used) return std::unexpected(base::Error::kCorrupt);
    used += used_here;
  }
  if (used != used_) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace process

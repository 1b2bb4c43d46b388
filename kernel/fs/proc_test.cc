#include "kernel/fs/proc.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/file_world.h"
#include "kernel/fs/memory_source.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/process_source.h"
#include "kernel/mm/test_failures.h"

namespace fs {
namespace {

using posix::Errno;
namespace open_flag = posix::open_flag;

constexpr uint64_t kSecond = 1'000'000'000;

// Process 1, which is init, and 42 with the threads 42 and 43.
class Processes final : public ProcessSource {
 public:
  std::optional<ProcessId> FindNext(ProcessId after) override {
    for (const ProcessId id : {1, 42}) {
      if (id > after && (id != 42 || is_alive)) return id;
    }
    return std::nullopt;
  }
  std::optional<ProcessId> FindNextThread(ProcessId process, ProcessId after) override {
    for (const ProcessId id : {1, 42, 43}) {
      if (id > after && (id == 1) == (process == 1)) return id;
    }
    return std::nullopt;
  }
  ProcessId Current() override { return 42; }

  bool Find(ProcessId id, ProcessFacts& facts) override {
    if (id == 1) facts = {.id = 1, .process = 1, .state = 'S', .name = {"init"}};
    if (id != 42 && id != 43) return id == 1;
    facts = {.id = id, .process = 42, .parent = 1, .group = 40, .session = 39};
    facts.foreground_group = 40;
    facts.terminal = {5, 1};
    facts.name = {"a (b) c"};
    facts.threads = 2;
    facts.started = 7 * kSecond;
    facts.user_time = 2 * kSecond;
    facts.system_time = kSecond / 2;
    facts.minor_faults = 11;
    facts.virtual_pages = {100};
    facts.resident_pages = {50};
    facts.program_pages = {5};
    facts.library_pages = {6};
    facts.users = {1, 2, 3};
    facts.groups = {4, 5, 6};
    facts.queued_signals = 2;
    facts.most_queued_signals = 64;
    facts.voluntary_switches = 12;
    facts.stack_pages = {3};
    facts.caught_signals = 0x1'0000'0002;
    facts.code = {{0x1000}, 0x2000};
    return is_alive;
  }
  ProcessMemory MeasureMemory(ProcessId process) override {
    if (process != 42) return {};
    return {
        .resident_anonymous = {38}, .resident_file = {10}, .resident_shared = {2}, .data = {20}};
  }
  bool VisitMappings(ProcessId, CountPages count,
                     base::FunctionRef<void(const MappingFacts&)> visitor) override {
    MappingFacts mapping = {.range = {{0x40'0000}, 0x3000},
                            .access = mm::Access::kReadExecute,
                            .offset_bytes = 0x1000,
                            .file = program.get(),
                            .flags = "rd ex mr mw me "};
    if (count == CountPages::kYes) mapping.shared_clean = {2};
    visitor(mapping);
    visitor({.range = {{0x7fff'0000'0000}, 0x1000},
             .access = mm::Access::kReadWrite,
             .sharing = MappingFacts::Sharing::kShared,
             .label = "[stack]"});
    visitor({.range = {{0xffff'ffff'ffff'f000}, 0x1000}, .access = mm::Access::kNone});
    return true;
  }
  bool PrintLayout(ProcessId id, base::Sink& sink) override {
    base::Print(sink, "LAYOUT OK {}\n", id);
    return is_alive;
  }
  posix::Result<size_t> ReadText(ProcessId, ProcessText text, uint64_t offset,
                                 Destination& destination) override {
    const std::string_view all =
        text == ProcessText::kCommandLine ? std::string_view("prog\0-x\0", 8) : "A=1";
    if (offset >= all.size()) return size_t{0};
    return destination.Put(BytesOf(all.substr(static_cast<size_t>(offset))));
  }
  Ref<Inode> Executable(ProcessId) override { return program; }
  Ref<Inode> WorkingDirectory(ProcessId) override { return directory; }
  Ref<FileTable> Files(ProcessId) override { return files; }

  bool is_alive = true;
  Ref<Inode> program;
  Ref<Inode> directory;
  Ref<FileTable> files;
};

class Physical final : public MemorySource {
 public:
  MemoryFacts Facts() override {
    return {.total = {1000},
            .free = {400},
            .available = {500},
            .cached = {30},
            .shared = {10},
            .kernel_stacks = {8}};
  }
  MappedFacts Mapped() override { return {.anonymous = {70}, .faults = 17}; }
  void VisitZones(base::FunctionRef<void(const ZoneFacts&)> visitor) override {
    visitor({.name = "Normal", .first = {16}, .free = {5}, .free_blocks = {1, 2}});
  }
  void VisitSlabs(base::FunctionRef<void(const SlabFacts&)> visitor) override {
    visitor({"kalloc-64", 10, 64, 64, 64, 1, 1, 1});
  }
  void VisitVmallocAreas(base::FunctionRef<void(const VmallocFacts&)> visitor) override {
    visitor({.range = {{0xf000'0000}, 0x5000}, .name = "stack", .pages = {4}});
  }
  void VisitCounters(base::FunctionRef<void(const Counter&)> visitor) override {
    visitor({"double_frees", 3});
  }
};

class System final : public SystemSource {
 public:
  SystemFacts Facts() override {
    return {.uptime = 61 * kSecond + kSecond / 20,
            .idle_time = 50 * kSecond,
            .user_time = 2 * kSecond,
            .system_time = kSecond,
            .context_switches = 99,
            .forks = 3,
            .boot_time_seconds = 12345,
            .runnable_threads = 1,
            .threads = 3,
            .last_process = 42,
            .load_hundredths = {5, 110, 0}};
  }
  SystemNames Names() override { return {"Linux", "atlas", "6.1.0", "#1", "x86_64"}; }
  std::string_view CommandLine() override { return "quiet"; }
  int32_t process_id_limit() override { return 32768; }
  void PrintProcessor(base::Sink& sink) override { sink.Write("processor\t: 0\n"); }
  void VisitUnknownCalls(base::FunctionRef<void(uint32_t, uint64_t)> visitor) override {
    visitor(435, 2);
  }
  uint64_t OtherUnknownCalls() override { return 7; }
  void VisitInterruptLines(base::FunctionRef<void(const InterruptLineFacts&)> visitor) override {
    visitor({.number = 4,
             .interrupts = 17,
             .controller = "IO-APIC",
             .trigger = "edge",
             .gate = "open",
             .handlers = 2});
  }
  void PrintVerification(base::Sink& sink) override { sink.Write("kernel\nLAYOUT OK\n"); }
  void DropCaches() override { ++drops; }

  int drops = 0;
};

struct ProcWorld {
  ProcWorld() {
    const NewInode directory = {posix::FileType::kDirectory, 0755, {}, {}};
    EXPECT_TRUE(names.Create(names.root(), "/bin", directory));
    processes.directory = *names.Find(names.root(), "/bin");
    processes.program =
        *names.Create(names.root(), "/bin/prog", {posix::FileType::kRegular, 0755, {}, {}});
    processes.files = *MakeObject<FileTable>(world.memory);
    const Ref<Inode> at = *names.Create(names.root(), "/proc", directory);
    EXPECT_TRUE(names.AddMount(at, *MakeProcRoot(parts), "proc").has_value());
  }

  posix::Result<Ref<OpenFile>> Open(std::string_view path) {
    return names.Open(names.root(), path, open_flag::kReadOnly);
  }
  std::string Read(std::string_view path) {
    const auto file = Open(path);
    if (!file) return "?";
    std::string text;
    while (true) {
      const TextReader reader(**file, 100);
      if (reader.error()) return "!";
      if (reader.text().empty()) return text;
      text += reader.text();
    }
  }
  // The line that begins so.
  std::string Line(std::string_view path, std::string_view start) {
    const std::string text = "\n" + Read(path);
    const size_t at = text.find("\n" + std::string(start));
    if (at == std::string::npos) return "";
    return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  }
  // With `in_call` entries at a time.
  std::vector<std::string> List(std::string_view path, size_t in_call = 1000) {
    std::vector<std::string> listed;
    const Ref<OpenFile> file = *Open(path);
    for (size_t before = listed.size() + 1; before != listed.size();) {
      before = listed.size();
      EXPECT_TRUE(file->List([&](const DirectoryEntry& entry) {
        if (listed.size() - before == in_call) return Listing::kStop;
        listed.emplace_back(entry.name);
        return Listing::kGoOn;
      }));
    }
    return listed;
  }
  std::string Link(std::string_view path) {
    std::array<char, 64> room;
    const Ref<Inode> inode = *names.Find(names.root(), path, FinalLink::kKeep);
    const auto text = inode->ReadLink(room);
    return text ? std::string(*text) : "?";
  }

  FileWorld world;
  FileNamespace names = world.MakeNames();
  Processes processes;
  Physical physical;
  System system;
  ProcParts parts = {world.memory, world.environment, names, processes, physical, system};
};

TEST(Proc, TextsOfTheSystem) {
  struct Row {
    std::string_view path;
    std::string_view start;
    std::string_view line;
  };
  constexpr Row kRows[] = {
      {"/proc/meminfo", "MemTotal", "MemTotal:           4000 kB"},
      {"/proc/meminfo", "MemFree", "MemFree:            1600 kB"},
      {"/proc/meminfo", "Active(file)", "Active(file):         80 kB"},
      {"/proc/meminfo", "AnonPages", "AnonPages:           280 kB"},
      {"/proc/meminfo", "KernelStack", "KernelStack:          32 kB"},
      {"/proc/meminfo", "VmallocTotal", "VmallocTotal:          0 kB"},
      {"/proc/buddyinfo", "Node",
       "Node 0, zone   Normal      1      2      0      0      0      0      0      0      0"
       "      0      0 "},
      {"/proc/zoneinfo", "  pages free", "  pages free     5"},
      {"/proc/zoneinfo", "  start_pfn", "  start_pfn:           16"},
      {"/proc/slabinfo", "slabinfo", "slabinfo - version: 2.1"},
      {"/proc/slabinfo", "kalloc",
       "kalloc-64             10     64     64   64    1 : tunables    0    0    0 : slabdata"
       "      1      1      0"},
      {"/proc/vmallocinfo", "0x",
       "0x00000000f0000000-0x00000000f0005000   20480 stack pages=4 vmalloc"},
      {"/proc/vmstat", "nr_free", "nr_free_pages 400"},
      {"/proc/vmstat", "pgfault", "pgfault 17"},
      {"/proc/vmstat", "nr_kernel", "nr_kernel_stack 32"},
      {"/proc/vmstat", "double", "double_frees 3"},
      {"/proc/uptime", "", "61.05 50.00"},
      {"/proc/loadavg", "", "0.05 1.10 0.00 1/3 42"},
      {"/proc/stat", "cpu ", "cpu  200 0 100 5000 0 0 0 0 0 0"},
      {"/proc/stat", "cpu0", "cpu0 200 0 100 5000 0 0 0 0 0 0"},
      {"/proc/stat", "btime", "btime 12345"},
      {"/proc/interrupts", "  ", "           CPU0       "},
      {"/proc/interrupts", "  4", "  4:         17   IO-APIC   4-edge      open, handlers: 2"},
      {"/proc/version", "", "Linux version 6.1.0 #1"},
      {"/proc/cmdline", "", "quiet"},
      {"/proc/cpuinfo", "", "processor\t: 0"},
      {"/proc/filesystems", "nodev\tt", "nodev\ttmpfs"},
      {"/proc/mounts", "t", "tmpfs / tmpfs rw 0 0"},
      {"/proc/self/mounts", "p", "proc /proc proc rw 0 0"},
      {"/proc/unknown_calls", "", "435 2"},
      {"/proc/unknown_calls", "others", "others 7"},
      {"/proc/verify", "LAYOUT", "LAYOUT OK"},
      {"/proc/sys/kernel/hostname", "", "atlas"},
      {"/proc/sys/kernel/osrelease", "", "6.1.0"},
      {"/proc/sys/kernel/ostype", "", "Linux"},
      {"/proc/sys/kernel/pid_max", "", "32768"},
      {"/proc/sys/vm/drop_caches", "", "0"},
  };
  ProcWorld world;
  for (const Row& row : kRows) EXPECT_EQ(world.Line(row.path, row.start), row.line) << row.path;
}

TEST(Proc, TextsOfAProcess) {
  struct Row {
    std::string_view path;
    std::string_view start;
    std::string_view line;
  };
  constexpr Row kRows[] = {
      {"/proc/42/comm", "", "a (b) c"},
      {"/proc/42/stat", "",
       "42 (a (b) c) R 1 40 39 1281 40 0 11 0 0 0 200 50 0 0 20 0 2 0 700 409600 50 "
       "18446744073709551615 4096 12288 0 0 0 0 0 0 2 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0"},
      {"/proc/42/statm", "", "100 50 12 5 0 23 0"},
      {"/proc/42/status", "Name", "Name:\ta (b) c"},
      {"/proc/42/status", "Umask", "Umask:\t0022"},
      {"/proc/42/status", "State", "State:\tR (running)"},
      {"/proc/42/status", "VmSize", "VmSize:\t     400 kB"},
      {"/proc/42/status", "VmRSS", "VmRSS:\t     200 kB"},
      {"/proc/42/status", "RssAnon", "RssAnon:\t     152 kB"},
      {"/proc/42/status", "RssFile", "RssFile:\t      40 kB"},
      {"/proc/42/status", "RssShmem", "RssShmem:\t       8 kB"},
      {"/proc/42/status", "VmLib", "VmLib:\t      24 kB"},
      {"/proc/42/status", "Uid", "Uid:\t1\t2\t3\t2"},
      {"/proc/42/status", "Gid", "Gid:\t4\t5\t6\t5"},
      {"/proc/42/status", "SigQ", "SigQ:\t2/64"},
      {"/proc/42/status", "voluntary", "voluntary_ctxt_switches:\t12"},
      {"/proc/42/status", "SigCgt", "SigCgt:\t0000000100000002"},
      {"/proc/42/task/43/status", "Pid", "Pid:\t43"},
      {"/proc/42/task/43/status", "Tgid", "Tgid:\t42"},
      {"/proc/1/status", "State", "State:\tS (sleeping)"},
      {"/proc/1/status", "VmSize", ""},
      {"/proc/42/maps", "7fff",
       "7fff00000000-7fff00001000 rw-s 00000000 00:00 0                          [stack]"},
      {"/proc/42/maps", "ffff", "fffffffffffff000-00000000 ---p 00000000 00:00 0 "},
      {"/proc/42/layout", "LAYOUT", "LAYOUT OK 42"},
      {"/proc/42/smaps", "Size", "Size:                 12 kB"},
      {"/proc/42/smaps", "Rss", "Rss:                   8 kB"},
      {"/proc/42/smaps", "VmFlags", "VmFlags: rd ex mr mw me "},
  };
  ProcWorld world;
  for (const Row& row : kRows) EXPECT_EQ(world.Line(row.path, row.start), row.line) << row.path;
  EXPECT_EQ(world.Line("/proc/42/maps", "0040").substr(0, 35),
            "00400000-00403000 r-xp 00001000 00:");
  EXPECT_EQ(world.Line("/proc/42/maps", "0040").substr(73), "/bin/prog");
  const std::string stat = world.Read("/proc/42/stat");
  // 52 fields, of which the second has two spaces of its own.
  EXPECT_EQ(std::ranges::count(stat, ' '), 51 + 2);
  EXPECT_EQ(world.Read("/proc/42/cmdline"), std::string_view("prog\0-x\0", 8));
  EXPECT_EQ(world.Read("/proc/42/environ"), "A=1");
}

TEST(Proc, ListsWhatItHas) {
  ProcWorld world;
  for (const size_t in_call : {1, 2, 3, 1000}) {
    const std::vector<std::string> root = world.List("/proc", in_call);
    for (const std::string_view name :
         {".", "..", "sys", "meminfo", "zoneinfo", "self", "1", "42"}) {
      EXPECT_EQ(std::ranges::count(root, name), 1) << name << in_call;
    }
    EXPECT_EQ(std::ranges::count(root, "hostname"), 0);
    EXPECT_EQ(world.List("/proc/42/task", in_call),
              (std::vector<std::string>{".", "..", "42", "43"}));
    EXPECT_EQ(world.List("/proc/sys/kernel", in_call).size(), 6U);
    EXPECT_EQ(world.List("/proc/42", in_call).size(), 17U);
    EXPECT_EQ(world.List("/proc/42/task/43", in_call).size(), 16U);
  }
  // Whatever is listed can be looked at.
  for (const std::string& name : world.List("/proc/42")) {
    EXPECT_TRUE(world.names.Find(world.names.root(), "/proc/42/" + name, FinalLink::kKeep)) << name;
  }
}

TEST(Proc, HasNothingElse) {
  ProcWorld world;
  for (const std::string_view path :
       {"/proc/2", "/proc/042", "/proc/-1", "/proc/4294967338", "/proc/42x", "/proc/none",
        "/proc/hostname", "/proc/42/none", "/proc/42/fd/0", "/proc/42/task/1", "/proc/kernel",
        "/proc/42/task/43/task"}) {
    EXPECT_EQ(world.Open(path).error(), Errno::kNoEntry) << path;
  }
  EXPECT_EQ(world.names.Open(world.names.root(), "/proc/meminfo", open_flag::kWriteOnly).error(),
            Errno::kAccess);
  EXPECT_EQ(
      world.names.Open(world.names.root(), "/proc/x", open_flag::kCreate | open_flag::kWriteOnly)
          .error(),
      Errno::kNotPermitted);
  EXPECT_EQ(world.names.Unlink(world.names.root(), "/proc/meminfo").error(), Errno::kNotPermitted);
}

TEST(Proc, DropsCachesWhenTold) {
  struct Row {
    std::string_view text;
    int drops;
    intptr_t result;
  };
  constexpr intptr_t kInvalid = -22;
  constexpr Row kRows[] = {
      {"1\n", 0, 2},
      {"2", 1, 1},
      {"3\n", 1, 2},
      {"4", 0, 1},
      {"", 0, kInvalid},
      {"0", 0, kInvalid},
      {"5", 0, kInvalid},
      {"x", 0, kInvalid},
      {"-1", 0, kInvalid},
      {"3\n\n", 0, kInvalid},
      {"00000000000000000003", 0, kInvalid},
  };
  ProcWorld world;
  for (const Row& row : kRows) {
    const Ref<OpenFile> file =
        *world.names.Open(world.names.root(), "/proc/sys/vm/drop_caches", open_flag::kWriteOnly);
    world.system.drops = 0;
    EXPECT_EQ(WriteText(*file, row.text), row.result) << row.text;
    EXPECT_EQ(world.system.drops, row.drops) << row.text;
    BrokenSource broken(2, 1);
    EXPECT_EQ(file->Write(broken).error(), Errno::kFault);
  }
}

TEST(Proc, LinksLeadToFiles) {
  ProcWorld world;
  PipeMaker pipes(world.world.memory, world.world.environment);
  PipeEnds ends = *pipes.Make(0);
  ASSERT_TRUE(world.processes.files->Add(ends.reading, CloseOnExec::kNo));
  ASSERT_TRUE(world.processes.files->Add(*world.Open("/bin/prog"), CloseOnExec::kNo, 7));
  EXPECT_EQ(world.Link("/proc/self"), "42");
  EXPECT_EQ(world.Link("/proc/self/exe"), "/bin/prog");
  EXPECT_EQ(world.Link("/proc/self/cwd"), "/bin");
  EXPECT_EQ(world.Link("/proc/self/root"), "/");
  EXPECT_EQ(world.Link("/proc/self/fd/7"), "/bin/prog");
  EXPECT_EQ(world.Link("/proc/self/fd/0"), "pipe:[1]");
  EXPECT_EQ(*world.names.Find(world.names.root(), "/proc/self/cwd/prog"), world.processes.program);
  EXPECT_EQ(*world.names.Find(world.names.root(), "/proc/self/fd/7"), world.processes.program);
  EXPECT_EQ(world.List("/proc/42/fd", 1), (std::vector<std::string>{".", "..", "0", "7"}));
  // A pipe's end once more.
  const Ref<OpenFile> again = *world.Open("/proc/self/fd/0");
  EXPECT_EQ(WriteText(*ends.writing, "x"), 1);
  EXPECT_EQ(TextReader(*again).text(), "x");
  ASSERT_TRUE(world.names.Unlink(world.names.root(), "/bin/prog"));
  EXPECT_EQ(world.Link("/proc/self/exe"), "(deleted)");
  world.processes.program = {};
  EXPECT_EQ(world.Open("/proc/self/exe").error(), Errno::kNoEntry);
}

TEST(Proc, PathsOfItsFiles) {
  ProcWorld world;
  std::array<char, 64> room;
  for (const std::string_view path :
       {"/proc", "/proc/42", "/proc/42/task/43/stat", "/proc/sys/kernel", "/proc/meminfo"}) {
    const Ref<Inode> inode = *world.names.Find(world.names.root(), path);
    EXPECT_EQ(*world.names.PathOf(*inode, room), path);
  }
  const Ref<Inode> kernel = *world.names.Find(world.names.root(), "/proc/sys/kernel");
  const Ref<Inode> root = *world.names.Find(*kernel, "../..");
  EXPECT_EQ(root, *world.names.Find(world.names.root(), "/proc"));
}

TEST(Proc, ATextStaysTheSameWhileItIsRead) {
  ProcWorld world;
  const Ref<OpenFile> file = *world.Open("/proc/42/comm");
  EXPECT_EQ(TextReader(*file, 3).text(), "a (");
  world.processes.is_alive = false;
  EXPECT_EQ(TextReader(*file).text(), "b) c\n");
  EXPECT_EQ(TextReader(*file).text(), "");
  EXPECT_EQ(*file->Seek(0, posix::Whence::kSet), 0U);
  EXPECT_EQ(TextReader(*file).error(), Errno::kNoProcess);
  EXPECT_EQ(world.Open("/proc/42").error(), Errno::kNoEntry);
  EXPECT_EQ(world.List("/proc").back(), "1");
}

TEST(Proc, LacksMemoryWithoutHarm) {
  ProcWorld world;
  const size_t blocks = world.world.memory.blocks();
  for (unsigned failing = 1;; ++failing) {
    world.world.memory.failure.FailAllocation(failing);
    const std::string text = world.Read("/proc/self/status");
    const bool failed = world.world.memory.failure.has_failed();
    world.world.memory.failure.FailNothing();
    EXPECT_EQ(world.world.memory.blocks(), blocks);
    if (!failed) break;
    EXPECT_TRUE(text == "?" || text == "!") << failing;
    ASSERT_LT(failing, 50U);
  }
}

}  // namespace
}  // namespace fs

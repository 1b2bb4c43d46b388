// What an application finds out of processes as such: where their parts lie, how large their page
// tables are, and what is left of them. True is good.
#pragma once

namespace applications {

[[nodiscard]] bool ItIsAsPlanned();
// Where each part begins and ends, computed here once more, and the size of the first-level table.
[[nodiscard]] bool ProcessesOfSeveralSizes();
[[nodiscard]] bool AProgramBeside();
// Afterwards as much memory is free as before, to the frame.
[[nodiscard]] bool AHundredAtOnce();
[[nodiscard]] bool AsManyAsThereIsMemoryFor();

}  // namespace applications

#include "testing/bench/harness/results.h"

namespace bench {

const char* KindName(Contender::Kind kind) {
  switch (kind) {
    case Contender::kOurs:
      return "ours";
    case Contender::kPeer:
      return "peer";
    case Contender::kModel:
      break;
  }
  return "model";
}

std::optional<Summary> ContenderResult::Find(const std::string& figure) const {
  if (failure) {
    return std::nullopt;
  }
  if (figure.empty()) {
    return time;
  }
  for (const auto& [name, summary] : extra) {
    if (name == figure) {
      return summary;
    }
  }
  return std::nullopt;
}

}  // namespace bench

#include "tools/layoutcheck/layout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <format>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/json_object.h"
#include "tools/layoutcheck/json_text.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

using Json = nlohmann::json;
using Done = std::expected<void, std::string>;

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

// Texts of a key, and what they mean. Services without a meaning for the check are free text.
constexpr Named<Service> kServices[] = {{"unused", Service::kUnused},
                                        {"direct map", Service::kDirectMap},
                                        {"windows", Service::kWindows},
                                        {"shared memory", Service::kShared},
                                        {"message queue", Service::kQueue}};
constexpr Named<Guards> kGuards[] = {
    {"none", Guards::kNone}, {"below", Guards::kBelow}, {"around", Guards::kAround}};
constexpr Named<Reach> kScopes[] = {
    {"global", Reach::kGlobal}, {"process", Reach::kOneSpace}, {"thread", Reach::kOneSpace}};
constexpr Named<Caching> kCachings[] = {{"normal", Caching::kNormal}, {"device", Caching::kMixed}};

template <class Value, size_t size>
std::optional<Value> ReadOneOf(JsonObject& object, std::string_view key,
                               const Named<Value> (&known)[size]) {
  const std::optional<std::string> text = object.OptionalText(key);
  if (!text) return std::nullopt;
  std::string names;
  for (const Named<Value>& one : known) {
    if (one.name == *text) return one.value;
    names += std::format("{}\"{}\"", names.empty() ? "" : ", ", one.name);
  }
  object.Refuse(key, std::format("\"{}\" is none of {}", *text, names));
  return std::nullopt;
}

Rights ReadRights(JsonObject& object, std::string_view key) {
  const std::string text = object.Text(key);
  if (!object.IsGood()) return Rights::kNone;
  if (text == "w^x") return Rights::kAll;
  constexpr std::string_view kLetters = "rwx";
  constexpr Rights kEach[] = {Rights::kRead, Rights::kWrite, Rights::kExecute};
  Rights rights = Rights::kNone;
  bool good = text.size() == kLetters.size();
  for (size_t index = 0; good && index < kLetters.size(); ++index) {
    good = text[index] == kLetters[index] || text[index] == '-';
    if (text[index] != '-') rights = rights | kEach[index];
  }
  if (!good) {
    object.Refuse(key, std::format("\"{}\" are no rights such as \"rw-\", \"---\", \"w^x\"", text));
  }
  return rights;
}

bool IsAddressable(uint64_t address, const Layout& layout) {
  constexpr unsigned kWordBits = 64;
  const unsigned bits = layout.address_bits;
  if (layout.high_bits == HighBits::kZero) return bits == kWordBits || address >> bits == 0;
  const uint64_t sign = uint64_t{1} << (bits - 1);
  const uint64_t low = Field(address, bits - 1, 0);
  return (low ^ sign) - sign == address;
}

// What one region must be by itself, and after the ones before it.
void CheckPlace(JsonObject& object, const Region& region, const Layout& layout) {
  for (const auto& [key, va] : {std::pair("first", region.first), std::pair("last", region.last)}) {
    if (IsAddressable(va.value, layout)) continue;
    object.Refuse(key, std::format("{} is no address of {} bits", Text(va), layout.address_bits));
  }
  if (region.last < region.first) object.Refuse("last", "lies before \"first\"");
  if (region.first.value % kPageBytes != 0) object.Refuse("first", "does not begin a page");
  if ((region.last.value + 1) % kPageBytes != 0) object.Refuse("last", "does not end a page");
  if (!layout.regions.empty() && region.first <= layout.regions.back().last) {
    object.Refuse("first", std::format("lies before the end of region '{}'; regions ascend",
                                       layout.regions.back().name));
  }
  const bool has_rights = (region.user | region.kernel) != Rights::kNone;
  if (region.service == Service::kUnused && has_rights) {
    object.Refuse("service", "an unused region has no rights");
  }
}

std::expected<Region, std::string> ReadRegion(const Json& json, const std::string& table,
                                              const Layout& layout) {
  std::string place = std::format("{}, region {}", table, layout.regions.size() + 1);
  if (json.is_object() && json.contains("name") && json["name"].is_string()) {
    place += std::format(" '{}'", json["name"].get_ref<const std::string&>());
  }
  JsonObject object(json, place);
  Region region = {.name = object.Text("name"),
                   .first = {object.Number("first")},
                   .last = {object.Number("last")},
                   .user = ReadRights(object, "user"),
                   .kernel = ReadRights(object, "kernel"),
                   .reach = ReadOneOf(object, "scope", kScopes),
                   .caching = ReadOneOf(object, "caching", kCachings)};
  region.guards = ReadOneOf(object, "guards", kGuards).value_or(Guards::kNone);
  const std::string service = object.OptionalText("service").value_or("");
  for (const Named<Service>& one : kServices) {
    if (one.name == service) region.service = one.value;
  }
  // For readers, and for what cannot be seen from outside.
  (void)object.OptionalText("growth");
  (void)object.OptionalText("why");
  if (object.IsGood()) CheckPlace(object, region, layout);
  if (Done done = object.Finish(); !done) return std::unexpected(std::move(done.error()));
  return region;
}

std::expected<std::vector<Part>, std::string> ReadParts(const Json& array, const std::string& table,
                                                        std::string_view key) {
  std::vector<Part> parts;
  for (const Json& one : array) {
    JsonObject object(one, std::format("{}, {} {}", table, key, parts.size() + 1));
    Part part = {.name = object.Text("name"),
                 .user = ReadRights(object, "user"),
                 .kernel = ReadRights(object, "kernel")};
    // For readers, and for what cannot be seen from outside.
    (void)object.OptionalText("start");
    (void)object.OptionalText("growth");
    (void)object.OptionalText("why");
    if (Done done = object.Finish(); !done) return std::unexpected(std::move(done.error()));
    parts.push_back(std::move(part));
  }
  return parts;
}

HighBits ReadHighBits(JsonObject& object, unsigned address_bits) {
  constexpr Named<HighBits> kExtensions[] = {{"sign", HighBits::kSign}, {"zero", HighBits::kZero}};
  constexpr unsigned kNarrow = 32;
  const auto usual = address_bits > kNarrow ? HighBits::kSign : HighBits::kZero;
  return ReadOneOf(object, "extension", kExtensions).value_or(usual);
}

void CheckShape(JsonObject& object, uint64_t address_bits) {
  constexpr uint64_t kFewest = 32;
  constexpr uint64_t kMost = 64;
  if (address_bits < kFewest || address_bits > kMost) {
    object.Refuse("address_bits",
                  std::format("is {}, and {} to {} are known", address_bits, kFewest, kMost));
  }
  if (object.OptionalNumber("page_bytes").value_or(kPageBytes) != kPageBytes) {
    object.Refuse("page_bytes", std::format("only {} is known", kPageBytes));
  }
}

void CheckPromise(JsonObject& object, const Layout& layout) {
  const uint64_t promised = object.OptionalNumber("promised_ram_bytes").value_or(0);
  const auto direct = std::ranges::find(layout.regions, Service::kDirectMap, &Region::service);
  if (promised == 0 || direct == layout.regions.end()) return;
  if (promised - 1 > direct->last - direct->first) {
    object.Refuse("promised_ram_bytes", "the direct map has less room");
  }
}

template <class Wanted>
std::optional<Wanted> ReadAddress(JsonObject& object, std::string_view key) {
  const std::optional<uint64_t> number = object.OptionalNumber(key);
  return number ? std::optional<Wanted>({*number}) : std::nullopt;
}

std::expected<Layout, std::string> ReadTable(const Json& json, const std::string& place) {
  JsonObject object(json, place);
  Layout layout = {.name = object.Text("layout"),
                   .digest = object.OptionalText("digest").value_or(""),
                   .address_bits = 0,
                   .high_bits = HighBits::kZero,
                   .regions = {},
                   .image_parts = {},
                   .direct_map_target = ReadAddress<PhysicalAddress>(object, "direct_map_target"),
                   .image_link_base = ReadAddress<VirtualAddress>(object, "image_link_base"),
                   .image_load_base = ReadAddress<PhysicalAddress>(object, "image_load_base")};
  const uint64_t address_bits = object.Number("address_bits");
  if (object.IsGood()) CheckShape(object, address_bits);
  layout.address_bits = static_cast<unsigned>(address_bits);
  layout.high_bits = ReadHighBits(object, layout.address_bits);
  const Json* const regions = object.Array("regions");
  if (object.IsGood() && regions != nullptr) {
    for (const Json& row : *regions) {
      auto region = ReadRegion(row, place, layout);
      if (!region) return std::unexpected(std::move(region.error()));
      layout.regions.push_back(std::move(*region));
    }
    if (layout.regions.empty()) object.Refuse("regions", "is empty");
    CheckPromise(object, layout);
  }
  // A process's parts are for readers: what runs, nobody can see from outside.
  for (const std::string_view key : {"process_parts", "image_parts"}) {
    const Json* const array = object.OptionalArray(key);
    if (array == nullptr) continue;
    auto parts = ReadParts(*array, place, key);
    if (!parts) return std::unexpected(std::move(parts.error()));
    if (key == "image_parts") layout.image_parts = std::move(*parts);
  }
  if (layout.image_link_base.has_value() != layout.image_load_base.has_value()) {
    object.Refuse("image_link_base", "comes with \"image_load_base\", or neither is there");
  }
  if (Done done = object.Finish(); !done) return std::unexpected(std::move(done.error()));
  return layout;
}

}  // namespace

std::expected<std::vector<Layout>, std::string> ReadLayouts(std::string_view text) {
  std::expected<Json, std::string> json = ParseJson(text);
  if (!json) return std::unexpected(std::move(json.error()));
  // One table need not be in an array.
  const Json tables = json->is_array() ? std::move(*json) : Json::array({std::move(*json)});
  std::vector<Layout> layouts;
  for (const Json& one : tables) {
    auto layout = ReadTable(one, std::format("table {}", layouts.size() + 1));
    if (!layout) return std::unexpected(std::move(layout.error()));
    layouts.push_back(std::move(*layout));
  }
  if (layouts.empty()) return std::unexpected("there is no table");
  return layouts;
}

std::expected<Layout, std::string> ChooseLayout(std::vector<Layout> layouts,
                                                unsigned address_bits) {
  std::vector<Layout> fitting;
  std::vector<Layout> narrower;
  for (Layout& layout : layouts) {
    if (layout.address_bits == address_bits) {
      fitting.push_back(std::move(layout));
    } else if (layout.address_bits < address_bits && layout.high_bits == HighBits::kZero) {
      narrower.push_back(std::move(layout));
    }
  }
  if (fitting.empty()) fitting = std::move(narrower);
  if (fitting.size() == 1) return std::move(fitting.front());
  return std::unexpected(
      std::format("the layout has {} tables for {} address bits, which the "
                  "machine uses, instead of one",
                  fitting.size(), address_bits));
}

const Region* FindRegion(const Layout& layout, VirtualAddress va) {
  const auto found = std::ranges::lower_bound(layout.regions, va, {}, &Region::last);
  return found != layout.regions.end() && found->Contains(va) ? &*found : nullptr;
}

}  // namespace layoutcheck

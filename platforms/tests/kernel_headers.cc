// Every standard header kernel code may use, and a use of each that needs more than a declaration.
// Compiled by all kernel toolchains; what it needs from a C library is memcmp and its like.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <ranges>
#include <source_location>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace kernel_headers {

static_assert(std::numeric_limits<uint64_t>::max() == ~uint64_t{0});
static_assert(std::has_single_bit(4096U) && std::countr_zero(4096U) == 12);

template <std::unsigned_integral T>
std::optional<T> LargestBelow(std::span<const T> values, T limit) {
  auto below = values | std::views::filter([limit](T value) { return value < limit; });
  const auto largest = std::ranges::max_element(below);
  if (largest == below.end()) return std::nullopt;
  return *largest;
}

std::expected<std::string_view, std::errc> ToHex(uint64_t value, std::span<char> digits) {
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{}) return std::unexpected(error);
  return std::string_view(digits.data(), end);
}

std::atomic<uint32_t> counter{0};

uint64_t UseAll(std::span<const uint64_t> values) {
  std::array<char, 32> digits;
  const auto [sum, count] =
      std::tuple(std::accumulate(values.begin(), values.end(), uint64_t{0}), values.size());
  const auto hex = ToHex(sum / std::max<uint64_t>(count, 1), digits);
  counter.fetch_add(1, std::memory_order_relaxed);
  return LargestBelow(values, uint64_t{1} << 40).value_or(0) + hex.value_or("").size();
}

}  // namespace kernel_headers

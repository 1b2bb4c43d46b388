// Dates, as clocks show them.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"

namespace drivers {

// In Coordinated Universal Time. Months and days are counted from 1.
struct CivilTime {
  uint32_t year = 1970;
  uint32_t month = 1;
  uint32_t day = 1;
  uint32_t hour = 0;
  uint32_t minute = 0;
  uint32_t second = 0;
};

namespace civil {

constexpr bool IsLeap(uint32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr uint32_t DaysOf(uint32_t month, uint32_t year) {
  constexpr uint32_t kFebruary = 2;
  if (month == kFebruary) return IsLeap(year) ? 29 : 28;
  const bool is_short = month == 4 || month == 6 || month == 9 || month == 11;
  return is_short ? 30 : 31;
}

// Days of February 29th from year 1 to `year`.
constexpr uint32_t LeapDaysThrough(uint32_t year) { return year / 4 - year / 100 + year / 400; }

}  // namespace civil

// Seconds since 1970 (POSIX, 4.16: no leap seconds). kOutOfRange: no such moment, or before 1970,
// or after 9999.
constexpr base::Result<uint64_t> SecondsOf(const CivilTime& time) {
  constexpr uint32_t kFirstYear = 1970;
  constexpr uint32_t kLastYear = 9999;
  if (time.year < kFirstYear || time.year > kLastYear || time.month < 1 || time.month > 12 ||
      time.day < 1 || time.day > civil::DaysOf(time.month, time.year) || time.hour > 23 ||
      time.minute > 59 || time.second > 59) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  uint64_t days = uint64_t{365} * (time.year - kFirstYear) + civil::LeapDaysThrough(time.year - 1) -
                  civil::LeapDaysThrough(kFirstYear - 1);
  for (uint32_t month = 1; month < time.month; ++month) days += civil::DaysOf(month, time.year);
  days += time.day - 1;
  return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}

}  // namespace drivers

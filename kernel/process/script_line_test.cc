#include "kernel/process/script_line.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "kernel/posix/errno.h"
#include "testing/unit/test.h"

namespace {

using process::ParseScriptLine;
using process::ScriptLine;

constexpr size_t kWhole = process::kScriptLineBytes;

// A file's beginning of kWhole bytes: `text`, and as much of `filling` as fits.
struct Beginning {
  Beginning(std::string_view text, char filling) {
    bytes.fill(filling);
    for (size_t index = 0; index < text.size(); ++index) bytes[index] = text[index];
  }
  [[nodiscard]] std::string_view text() const { return {bytes.data(), bytes.size()}; }

  std::array<char, kWhole> bytes;
};

TEST(ScriptLine, NameAndArgument) {
  struct Case {
    std::string_view text, interpreter, argument;
  };
  const std::array<Case, 7> cases = {{
      {"#!/bin/sh\necho", "/bin/sh", ""},
      {"#! /bin/sh\n", "/bin/sh", ""},
      {"#!\t/bin/sh \t\n", "/bin/sh", ""},
      {"#!/bin/awk -f\nBEGIN", "/bin/awk", "-f"},
      {"#!/bin/env  perl -w \n", "/bin/env", "perl -w"},
      {"#!/bin/sh", "/bin/sh", ""},  // the file ends there
      {"#!x", "x", ""},
  }};
  for (const Case& one : cases) {
    const auto line = ParseScriptLine(one.text);
    ASSERT_TRUE(line.has_value());
    EXPECT_TRUE(line->interpreter == one.interpreter);
    EXPECT_TRUE(line->argument == one.argument);
  }
}

TEST(ScriptLine, Refused) {
  for (const std::string_view text :
       {std::string_view("#!"), std::string_view("#!\n"), std::string_view("#! \t\n/bin/sh"),
        std::string_view("#!/bin\0sh\n", 10)}) {
    EXPECT_FALSE(ParseScriptLine(text).has_value());
  }
}

TEST(ScriptLine, LongLines) {
  const Beginning long_name("#!/bin/", 'x');
  EXPECT_FALSE(ParseScriptLine(long_name.text()).has_value());
  const Beginning long_argument("#!/bin/sh ", 'x');
  const auto line = ParseScriptLine(long_argument.text());
  ASSERT_TRUE(line.has_value());
  EXPECT_TRUE(line->interpreter == "/bin/sh");
  EXPECT_EQ(line->argument.size(), kWhole - 10);
}

TEST(ScriptLine, WhatIsAScript) {
  EXPECT_TRUE(process::IsScript("#!/bin/sh"));
  EXPECT_FALSE(process::IsScript("#"));
  EXPECT_FALSE(process::IsScript(""));
  EXPECT_FALSE(
      process::IsScript("\x7f"
                        "ELF"));
}

}  // namespace

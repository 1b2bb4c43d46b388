#include "testing/bench/harness/chart.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace bench {
namespace {

// Pixels. A row is a line of text and its bar.
constexpr int kLabelWidth = 420;
constexpr int kUnitWidth = 220;  // of ratio 1
constexpr int kNoteWidth = 260;
constexpr int kRowHeight = 20;
constexpr int kBarHeight = 12;
constexpr int kHeader = 56;
constexpr int kMargin = 12;

// Longer bars are cut: what they say is "far too much", and the number beside them how much.
constexpr double kLongest = 2;

constexpr const char* kMetColour = "#2e7d4f";
constexpr const char* kMissedColour = "#c0392b";
constexpr const char* kUnknownColour = "#9a9a9a";

constexpr int kWidth = kLabelWidth + static_cast<int>(kLongest) * kUnitWidth + kNoteWidth + kMargin;

const char* Colour(Verdict::State state) {
  switch (state) {
    case Verdict::kMet:
      return kMetColour;
    case Verdict::kMissed:
      return kMissedColour;
    case Verdict::kUnknown:
      break;
  }
  return kUnknownColour;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

double Length(double ratio) { return std::clamp(ratio, 0.0, kLongest) * kUnitWidth; }

std::string Text(double x, double y, std::string_view attributes, std::string_view text) {
  char place[64];
  snprintf(place, sizeof(place), "<text x=\"%.1f\" y=\"%.1f\" ", x, y);
  return place + std::string(attributes) + ">" + Escaped(text) + "</text>\n";
}

std::string Line(double x, double top, double bottom, std::string_view attributes) {
  char place[128];
  snprintf(place, sizeof(place), "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" ", x, x,
           top, bottom);
  return place + std::string(attributes) + "/>\n";
}

std::string Bar(double length, double top, const char* colour) {
  char bar[160];
  snprintf(bar, sizeof(bar),
           "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", kLabelWidth,
           top, length, kBarHeight, colour);
  return bar;
}

std::string Row(const Verdict& verdict, int top) {
  const double baseline = top + kRowHeight - 6;
  std::string row = Text(kLabelWidth - 8, baseline, "text-anchor=\"end\"", verdict.workload);
  if (verdict.state == Verdict::kUnknown) {
    return row + Text(kLabelWidth + 4, baseline, "fill=\"#9a9a9a\"", "not measured");
  }
  const double bar_top = top + (kRowHeight - kBarHeight) / 2.0;
  row += Bar(Length(verdict.ratio), bar_top, Colour(verdict.state));
  row += Line(kLabelWidth + Length(verdict.factor), top + 1, top + kRowHeight - 1,
              "stroke=\"#111\" stroke-width=\"3\"");
  char note[96];
  snprintf(note, sizeof(note), "%.2f (%s %.2f) of %s", verdict.ratio,
           verdict.kind == Goal::kAtLeast ? "\u2265" : "\u2264", verdict.factor,
           verdict.against.c_str());
  return row + Text(kLabelWidth + kLongest * kUnitWidth + 8, baseline, "", note);
}

}  // namespace

std::string ChartSvg(const std::vector<Verdict>& verdicts) {
  const int bottom = kHeader + static_cast<int>(verdicts.size()) * kRowHeight;
  char head[256];
  snprintf(head, sizeof(head),
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
           "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
           "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
           kWidth, bottom + kMargin, kWidth, bottom + kMargin);
  std::string svg = head;
  svg += Text(kMargin, 20, "font-size=\"15\" font-weight=\"bold\"",
              "Atlas beside its reference: ratio of medians, shorter is better");
  svg +=
      Text(kMargin, 38, "fill=\"#555\"",
           "black mark: the goal; green: met; red: missed; \u2265 marks rows where more is better");
  for (const double ratio : {0.5, 1.0, 1.5}) {
    char label[8];
    snprintf(label, sizeof(label), "%.1f", ratio);
    const double x = kLabelWidth + Length(ratio);
    svg += Line(x, kHeader - 2, bottom, "stroke=\"#ddd\"");
    svg += Text(x, kHeader - 4, "text-anchor=\"middle\" fill=\"#555\" font-size=\"10\"", label);
  }
  int top = kHeader;
  for (const Verdict& verdict : verdicts) {
    svg += Row(verdict, top);
    top += kRowHeight;
  }
  return svg + "</svg>\n";
}

}  // namespace bench

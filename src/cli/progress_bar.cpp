#include "cli/progress_bar.h"

#include <cmath>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"

namespace sdw::cli {
namespace {

constexpr int kWidth = 30;
constexpr const char* kClearLine = "\r\033[K";

bool on_terminal() {
  return isatty(STDERR_FILENO) == 1;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar(std::string label, int total)
    : label_(std::move(label)), total_(total), visible_(on_terminal() && total > 0) {
  show(0);
}

ProgressBar::~ProgressBar() {
  if (visible_) notify("\n");
}

void ProgressBar::show(int done) {
  if (!visible_) return;
  const int filled = kWidth * done / total_;
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
  std::string line = fmt::format("{}{} {} {}/{}", kClearLine, label_, bar, done, total_);
  if (done > 0) {
    const double seconds = since_.milliseconds() / 1e3;
    line +=
        fmt::format("  {:.2f} s/step  {} left", seconds / done, clock_text(seconds / done * (total_ - done)));
  }
  notify(line);
}

void show_status(const std::string& text) {
  if (!on_terminal()) return;
  notify(kClearLine + text);
}

void clear_status() {
  show_status("");
}

}  // namespace sdw::cli

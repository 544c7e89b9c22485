#pragma once

#include <string>

#include "support/stopwatch.h"

namespace sdw::cli {

// A line on standard error that is drawn over itself: steps done, time left. Silent where that is no
// terminal.
class ProgressBar {
 public:
  ProgressBar(std::string label, int total);
  ~ProgressBar();  // leaves the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(int done);

 private:
  std::string label_;
  int total_;
  bool visible_;
  Stopwatch since_;
};

// One line that is replaced by what comes next ("loading ..."). Silent where standard error is no terminal.
void show_status(const std::string& text);
void clear_status();

}  // namespace sdw::cli

/// Where in the sources a kernel is launched or a runtime function is called, for messages.
#pragma once
#include <string>

namespace femcrust {

struct LaunchSite {
  const char* kernel;
  const char* file;
  int line;
  const char* function = "";  // that launches, with what it is a template of
};

/// "backends/x.cu:12: kernel: "; the file from its folder of csrc on, without the parentheses that
/// keep the commas of a template together.
inline std::string described(const LaunchSite& site, const std::string& what) {
  const std::string file = site.file;
  const auto found = file.rfind("csrc/");
  const std::string name = found == std::string::npos ? file : file.substr(found + 5);
  const bool wrapped = what.front() == '(' && what.back() == ')';
  return name + ":" + std::to_string(site.line) + ": " +
         (wrapped ? what.substr(1, what.size() - 2) : what) + ": ";
}

}  // namespace femcrust

// See device_times.hpp: a mark in the stream before each launch and one after it.
#include "backends/device_times.hpp"

#include <algorithm>
#include <atomic>
#include <map>

#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

struct Timed {
  LaunchSite site;
  void *before, *after;
};
std::atomic<bool> timing{false};
std::vector<Timed> marked;

/// "rows_kernel [T = float; int R = 3]": a launch names its kernel, and the compiler the function
/// that it stands in, with what that is a template of.
std::string name_of(const LaunchSite& site) {
  std::string name = site.kernel, inside = site.function;
  if (name.front() == '(') name = name.substr(1, name.size() - 2);
  name = name.substr(0, name.find('<'));
  const auto with = inside.find("[with ");
  if (with != std::string::npos) name += " [" + inside.substr(with + std::string("[with ").size());
  for (const std::string scope = "femcrust::"; name.find(scope) != std::string::npos;)
    name.erase(name.find(scope), scope.size());
  return name;
}

void start() {
  marked.clear();
  timing = true;
}

bool running() {
  return timing;
}

std::vector<LaunchTime> stop() {
  timing = false;
  std::map<std::string, LaunchTime> found;
  for (const Timed& one : marked) {
    const std::string name = name_of(one.site);
    LaunchTime& sum = found.try_emplace(name, LaunchTime{name, 0, 0}).first->second;
    ++sum.launches;
    sum.seconds += device_runtime.seconds(one.before, one.after);
    device_runtime.forget(one.before);
    device_runtime.forget(one.after);
  }
  marked.clear();
  std::vector<LaunchTime> times;
  for (const auto& [name, time] : found) times.push_back(time);
  std::sort(times.begin(), times.end(),
            [](const LaunchTime& a, const LaunchTime& b) { return a.seconds > b.seconds; });
  return times;
}

}  // namespace

TimedLaunch::TimedLaunch(const LaunchSite& site)
    : site_(site), before_(timing ? device_runtime.mark() : nullptr) {}

void TimedLaunch::done() const {
  if (before_ != nullptr) marked.push_back({site_, before_, device_runtime.mark()});
}

extern const DeviceTimes device_times;
const DeviceTimes device_times = {start, running, stop};

}  // namespace femcrust::FEMCRUST_DEVICE

/// Kernels that are wrong, each in one way, to see that the emulator says so: on a device they
/// would hang, or give anything.
#pragma once
#include <string>
#include <vector>

namespace femcrust::emulated {

std::vector<std::string> fault_names();

/// Launches the kernel; returns what came out where the launch itself does not refuse.
double launch_fault(const std::string& name);

}  // namespace femcrust::emulated

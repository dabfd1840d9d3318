/// Launches of kernels on the host: the same arguments as launch_cuda.cuh.
#pragma once
#include <cstddef>

#include "backends/device/emulator/block.hpp"

namespace femcrust::emulator {

template <class Call>
void call_once(const void* call) {
  (*static_cast<const Call*>(call))();
}

template <class... Parameters, class... Arguments>
void launch(const LaunchSite& site, void (*kernel)(Parameters...), dim3 grid, dim3 threads,
            std::size_t shared_bytes, const Arguments&... arguments) {
  const auto call = [&] { kernel(static_cast<Parameters>(arguments)...); };
  run_blocks(site, grid, threads, shared_bytes, call_once<decltype(call)>, &call);
}

template <class... Parameters, class... Arguments>
void launch_free(const LaunchSite& site, void (*kernel)(Parameters...), dim3 grid, dim3 threads,
                 std::size_t shared_bytes, const Arguments&... arguments) {
  const auto call = [&] { kernel(static_cast<Parameters>(arguments)...); };
  run_free(site, grid, threads, shared_bytes, call_once<decltype(call)>, &call);
}

}  // namespace femcrust::emulator

// See row_kernels.hpp. One thread a unit.
#include "backends/row_kernels.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

using Unit = RowKernels::Unit;
constexpr int kThreads = 256;

FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    gather_units(std::size_t n, const Index* gRows, std::size_t units, const Unit* gFrom,
                 Unit* gTable) {
  const std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (i >= n) return;
  gTable[i] = gFrom[static_cast<std::size_t>(gRows[i / units]) * units + i % units];
}

FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    scatter_units(std::size_t n, const Index* gRows, std::size_t units, const Unit* gTable,
                  Unit* gTo) {
  const std::size_t i = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (i >= n) return;
  gTo[static_cast<std::size_t>(gRows[i / units]) * units + i % units] =
      gTable == nullptr ? Unit{0} : gTable[i];
}

unsigned blocks_of(std::size_t n) {
  return static_cast<unsigned>((n + kThreads - 1) / kThreads);
}

void gather(Index n, const Index* rows, std::size_t units, const Unit* from, Unit* table) {
  const std::size_t all = static_cast<std::size_t>(n) * units;
  FEMCRUST_LAUNCH_FREE((gather_units), blocks_of(all), kThreads, 0, all, rows, units, from, table);
}

void scatter(Index n, const Index* rows, std::size_t units, const Unit* table, Unit* to) {
  const std::size_t all = static_cast<std::size_t>(n) * units;
  FEMCRUST_LAUNCH_FREE((scatter_units), blocks_of(all), kThreads, 0, all, rows, units, table, to);
}

}  // namespace

extern const RowKernels row_kernels;
const RowKernels row_kernels = {gather, scatter};

}  // namespace femcrust::FEMCRUST_DEVICE

/// tentative.hpp on a device: rigid modes of the vertices, and on each aggregate an orthonormal
/// basis of the modes there.
#pragma once
#include <algorithm>

#include "aggregation/device_aggregates.hpp"
#include "aggregation/linear_level_cuda.hpp"
#include "aggregation/tentative_kernels.hpp"

namespace femcrust {

/// Q B with the rigid modes B of points about their middle, scaled to order one: as rigid_modes()
/// and projected(). points: [n][3]; returns [n][3][6]
inline DeviceArray<double> device_modes(const double* points, Index n, const HeldVertices& held) {
  const ModeKernels& kernels = FEMCRUST_FOR_THIS_DEVICE(tentative_kernels).modes;
  const Extent extent = kernels.extent(n, points);
  double middle[3], longest = 0;
  for (int c = 0; c < 3; ++c) {
    middle[c] = (extent.low[c] + extent.high[c]) / 2;
    longest = std::max(longest, extent.high[c] - extent.low[c]);
  }
  DeviceArray<double> modes(18 * static_cast<std::size_t>(n));
  kernels.rigid_modes(n, points, middle, longest > 0 ? 1 / longest : 1.0, held.view(),
                      modes.data());
  return modes;
}

template <class T>
struct DeviceTentative {
  DeviceCsr<T> prolongation;  // one block a row, none for a row without an aggregate
  DeviceArray<double> modes;  // [n_aggregates][6][6] of the next level
};

/// modes: [n_rows][block_rows][6], which is used up
template <class T>
DeviceTentative<T> tentative(const DeviceAggregates& aggregates, DeviceArray<double> modes,
                             int block_rows) {
  const TentativeKernels& kernels = FEMCRUST_FOR_THIS_DEVICE(tentative_kernels);
  const auto n = static_cast<Index>(aggregates.of.size());
  DeviceTentative<T> out;
  out.modes = DeviceArray<double>(36 * static_cast<std::size_t>(aggregates.count));
  {
    const DeviceLists members(n, aggregates.of.data(), aggregates.count);
    kernels.modes.orthonormalise(aggregates.count, members.begin.data(), members.items.data(),
                                 block_rows, modes.data(), out.modes.data());
  }
  DeviceCsr<T>& p = out.prolongation;
  p.block_rows = block_rows;
  p.block_columns = kModes;
  p.n_columns = aggregates.count;
  p.begin = DeviceArray<Index>(static_cast<std::size_t>(n) + 1);
  const auto& stores = in_precision<T>(kernels);
  stores.count(n, aggregates.of.data(), p.begin.data());
  p.columns = DeviceArray<Index>(static_cast<std::size_t>(accumulate_counts(p.begin)));
  p.allocate_blocks();
  stores.store(n, aggregates.of.data(), p.begin.data(), block_rows, modes.data(), p.columns.data(),
               p.blocks.data());
  return out;
}

}  // namespace femcrust

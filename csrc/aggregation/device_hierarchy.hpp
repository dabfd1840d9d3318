/// The levels below the quadratic one, ready to be cycled over on a device.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "aggregation/device_eigenvalue.hpp"
#include "aggregation/hierarchy.hpp"
#include "preconditioners/assembled_cycle.hpp"

namespace femcrust {

template <class T>
struct DeviceHierarchy {
  std::vector<AssembledLevel<T, Cuda>> levels;
  std::vector<T> coarsest_inverse;
};

/// modes: [n_rows][3][6]
template <class T>
DeviceHierarchy<T> device_hierarchy(DeviceCsr<T> finest, std::vector<double> modes,
                                    const AggregationOptions& options,
                                    const std::vector<int>& degrees) {
  DeviceHierarchy<T> out;
  Hierarchy<T> found = hierarchy(Cpu(), finest.to_host(), std::move(modes), options);
  for (Stage<T>& stage : found.stages) {
    AssembledLevel<T, Cuda> level;
    const int block = stage.matrix.block_rows;
    level.size = stage.matrix.size();
    level.matrix = std::move(stage.matrix).template as_matrix<Cuda>();
    if (stage.lambda_max > 0) {
      level.prolongation = std::move(stage.prolongation).template as_matrix<Cuda>();
      level.restriction = std::move(stage.restriction).template as_matrix<Cuda>();
      level.smoother = Chebyshev<T, Cuda>(
          Cuda::placed(smoother_blocks(std::move(stage.inverse_diagonal), block)), block,
          degrees[std::min(degrees.size() - 1, out.levels.size() + 1)], stage.lambda_max);
    }
    out.levels.push_back(std::move(level));
  }
  out.coarsest_inverse = std::move(found.coarsest_inverse);
  return out;
}

}  // namespace femcrust

/// hierarchy.hpp on a device, down to a matrix of few rows, which the host takes from there.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "aggregation/device_eigenvalue.hpp"
#include "aggregation/device_product.hpp"
#include "aggregation/device_tentative.hpp"
#include "aggregation/hierarchy.hpp"
#include "preconditioners/assembled_cycle.hpp"

namespace femcrust {

/// Rows below which a level costs a device its launches, and the host less. No card has measured
/// it yet; tests and measurements set it.
inline Index& rows_for_host() {
  static Index rows = 100;
  return rows;
}

template <class T>
struct DeviceStage {
  DeviceCsr<T> matrix, prolongation, restriction;
  DeviceArray<T> inverse_diagonal;  // as a smoother takes it
  double lambda_max = 0;            // of D⁻¹A
};

/// One level, and what is below it: its matrix and modes.
template <class T>
struct DeviceStep {
  DeviceStage<T> stage;
  DeviceCsr<T> coarse;
  DeviceArray<double> modes;

  DeviceStep(const Cuda& cuda, DeviceCsr<T> matrix, DeviceArray<double> fine_modes,
             double strength) {
    constexpr double kOmega = 4.0 / 3.0;
    stage.inverse_diagonal = inverse_diagonal(matrix);
    stage.lambda_max = largest_eigenvalue(cuda, matrix, stage.inverse_diagonal);
    DeviceTentative<T> basis =
        tentative<T>(aggregated(matrix, strength), std::move(fine_modes), matrix.block_rows);
    const DeviceCsr<T>& t = basis.prolongation;
    stage.prolongation =
        product(matrix, t, Part::all,
                Smoothing<T>{kOmega / stage.lambda_max, stage.inverse_diagonal.data(),
                             t.begin.data(), t.columns.data(), t.blocks.data()});
    basis.prolongation = {};
    stage.restriction = transposed(stage.prolongation);
    coarse = galerkin_product(stage.restriction, matrix, stage.prolongation);
    modes = std::move(basis.modes);
    stage.matrix = std::move(matrix);
  }
};

template <class T>
struct DeviceHierarchy {
  std::vector<DeviceStage<T>> stages;
  Hierarchy<T> below;
};

/// modes: [n_rows][3][6] of the finest matrix
template <class T>
DeviceHierarchy<T> device_hierarchy(const Cuda& cuda, DeviceCsr<T> matrix,
                                    DeviceArray<double> modes, const AggregationOptions& options,
                                    Index for_host = rows_for_host()) {
  DeviceHierarchy<T> out;
  while (matrix.size() > static_cast<std::size_t>(options.coarsest) && matrix.n_rows() > for_host) {
    DeviceStep<T> step(cuda, std::move(matrix), std::move(modes), options.strength);
    matrix = std::move(step.coarse);
    modes = std::move(step.modes);
    out.stages.push_back(std::move(step.stage));
  }
  std::vector<double> modes_below(modes.size());
  Cuda::copy_out(modes, modes_below.data());
  out.below = hierarchy(Cpu(), matrix.to_host(), std::move(modes_below), options);
  return out;
}

/// The levels ready to be cycled over; degrees: of smoothing, the last for all below
template <class T>
std::vector<AssembledLevel<T, Cuda>> assembled_levels(DeviceHierarchy<T>& hierarchy,
                                                      const std::vector<int>& degrees) {
  std::vector<AssembledLevel<T, Cuda>> levels;
  const auto smoother = [&](DeviceArray<T> inverse, int block, double lambda_max) {
    const int degree = degrees[std::min(degrees.size() - 1, levels.size() + 1)];
    return Chebyshev<T, Cuda>(std::move(inverse), block, degree, lambda_max);
  };
  for (DeviceStage<T>& stage : hierarchy.stages) {
    AssembledLevel<T, Cuda> level;
    level.size = stage.matrix.size();
    level.smoother =
        smoother(std::move(stage.inverse_diagonal), stage.matrix.block_rows, stage.lambda_max);
    level.matrix = std::move(stage.matrix).as_matrix();
    level.prolongation = std::move(stage.prolongation).as_matrix();
    level.restriction = std::move(stage.restriction).as_matrix();
    levels.push_back(std::move(level));
  }
  for (Stage<T>& stage : hierarchy.below.stages) {
    AssembledLevel<T, Cuda> level;
    const int block = stage.matrix.block_rows;
    level.size = stage.matrix.size();
    level.matrix = std::move(stage.matrix).template as_matrix<Cuda>();
    if (stage.lambda_max > 0) {
      level.prolongation = std::move(stage.prolongation).template as_matrix<Cuda>();
      level.restriction = std::move(stage.restriction).template as_matrix<Cuda>();
      level.smoother =
          smoother(Cuda::placed(smoother_blocks(std::move(stage.inverse_diagonal), block)), block,
                   stage.lambda_max);
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

}  // namespace femcrust

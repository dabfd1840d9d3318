/// The stages of a step on a device: tetrahedra by the blocks of the element product, one thread
/// an element, forces summed as there (operators/ebe_device.hpp), so that a rerun gives the same
/// bits.
#pragma once
#include "operators/ebe_device.hpp"
#include "timestepping/creep_stages.hpp"

namespace femcrust {

/// Elements that flow, the cells, in device memory.
struct DeviceFlow {
  DeviceBody<double> body;  // its moduli are not read
  Index n_cells;
  int n_branches;
  const Index* cells;        // [n_elements], -1 where nothing flows
  const double* moduli;      // [n_branches][n_cells]: μ
  FlowRates rates;           // alike
  FlowState state;           // [n_branches][4][kDeviator][n_cells]
  const Index* offset_rows;  // [n_cells] into `offsets`, -1 where there are none
  const double* offsets;     // [·][4][6] strain that is not counted
};

struct DeviceFlowKernels {
  /// u, f: [n_nodes][3]; all of f is set
  void (*restart)(const DeviceFlow& flow, const double* u);
  void (*first)(const DeviceFlow& flow, double dt, double* f);
  void (*second)(const DeviceFlow& flow, double dt, const double* u, double* f);
  /// norms: [n_blocks] of the elements of each
  void (*last)(const DeviceFlow& flow, double dt, const double* u, FlowNorms<>* norms);
  /// stress: [n_cells][4][6]
  void (*stress)(const DeviceFlow& flow, const FlowBetween& between, double* stress);

  // Where rock creeps; f of a trial u.
  void (*creep_restart)(const DeviceFlow& flow, const double* u);
  void (*creep_first)(const DeviceFlow& flow, double dt, const double* u, double* f);
  void (*creep_middle)(const DeviceFlow& flow, double dt, const double* u);
  void (*creep_second)(const DeviceFlow& flow, double dt, const double* u, double* f);
  void (*creep_last)(const DeviceFlow& flow, double dt, const double* u, FlowNorms<>* norms);
  /// parts: [n_cells][4]
  void (*softness)(const DeviceFlow& flow, double dt, double* parts);
};

namespace cuda {
extern const DeviceFlowKernels flow_kernels;
}
namespace emulated {
extern const DeviceFlowKernels flow_kernels;
}

}  // namespace femcrust

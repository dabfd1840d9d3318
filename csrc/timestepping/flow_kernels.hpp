/// The stages of a step on one block of elements that flow, compiled once for each instruction set
/// as operators/ebe_kernels.hpp is, and by its rules.
#pragma once
#include "operators/ebe_kernels.hpp"
#include "timestepping/creep_stages.hpp"

namespace femcrust {

/// Elements of one block that flow, sixteen side by side; the last batch is padded with elements
/// of modulus zero. State: [n_batches][n_branches][4][kDeviator][16].
struct FlowBlock {
  EbeBlock<double> elements;  // its moduli are not read
  int n_branches;
  const double* moduli;      // [n_batches][n_branches][16]: μ
  FlowRates rates;           // alike
  FlowState state;           // of the first batch
  const Index* offset_rows;  // [n_batches] into `offsets`, -1 where there are none
  const double* offsets;     // [·][4][kDeviator][16] strain that is not counted
};

struct FlowKernels {
  void (*restart)(const FlowBlock& block, const double* u, double* scratch);
  /// f (=, +=) nodal forces; u, f: [n_nodes][3]; scratch: as for the element product
  void (*first)(const FlowBlock& block, double dt, double* f, double* scratch);
  void (*second)(const FlowBlock& block, double dt, const double* u, double* f, double* scratch);
  FlowNorms<> (*last)(const FlowBlock& block, double dt, const double* u, double* scratch);
  /// stress: [elements that flow][4][6]
  void (*stress)(const FlowBlock& block, const FlowBetween& between, double* stress);

  // Where rock creeps; f of a trial u.
  void (*creep_restart)(const FlowBlock& block, const double* u, double* scratch);
  void (*creep_first)(const FlowBlock& block, double dt, const double* u, double* f,
                      double* scratch);
  void (*creep_middle)(const FlowBlock& block, double dt, const double* u, double* scratch);
  void (*creep_second)(const FlowBlock& block, double dt, const double* u, double* f,
                       double* scratch);
  FlowNorms<> (*creep_last)(const FlowBlock& block, double dt, const double* u, double* scratch);
  /// parts: [elements that flow][4]
  void (*softness)(const FlowBlock& block, double dt, double* parts);
};

namespace v2 {
extern const FlowKernels flow_kernels;
}
namespace v3 {
extern const FlowKernels flow_kernels;
}
namespace v4 {
extern const FlowKernels flow_kernels;
}

}  // namespace femcrust

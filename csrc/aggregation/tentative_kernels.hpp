/// Rigid modes, and an orthonormal basis of them on each aggregate, on a device; see
/// device_tentative.hpp.
#pragma once
#include "aggregation/linear_level_kernels.hpp"

namespace femcrust {

/// Lowest and highest coordinates.
struct Extent {
  double low[3], high[3];
};

struct ModeKernels {
  Extent (*extent)(Index n, const double* points);
  /// Q B with translations and rotations B about `middle`, lengths times `scale`. modes: [n][3][6]
  void (*rigid_modes)(Index n, const double* points, const double middle[3], double scale,
                      const DeviceHeld& held, double* modes);
  /// Modes of each aggregate's rows → orthonormal columns, the dependent ones zero, in place;
  /// factors: [n_aggregates][6][6], upper. members: rows of aggregate g from begin[g] on
  void (*orthonormalise)(Index n_aggregates, const Index* begin, const Index* members, int block,
                         double* modes, double* factors);
};

template <class T>
struct TentativeTable {
  /// begin[i + 1] = 1 where row i has an aggregate, else 0; begin[0] = 0.
  void (*count)(Index n, const Index* of, Index* begin);
  /// The entries of rows with an aggregate: columns, and blocks [R][6] rounded from modes.
  void (*store)(Index n, const Index* of, const Index* begin, int block, const double* modes,
                Index* columns, T* blocks);
};

struct TentativeKernels {
  ModeKernels modes;
  TentativeTable<float> single;
  TentativeTable<double> twofold;
};

namespace cuda {
extern const TentativeKernels tentative_kernels;
}
namespace emulated {
extern const TentativeKernels tentative_kernels;
}

}  // namespace femcrust

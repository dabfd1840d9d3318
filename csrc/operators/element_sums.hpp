/// Blocks of the stiffness that are sums of what elements give: 3×3 diagonal blocks of the nodes of
/// the quadratic space, and couplings of the two ends of an edge in the linear space.
///
/// On a device they are summed as the product is (ebe_device.hpp): inside a block of elements in
/// shared memory, in double, at the blocks' borders through rows of `parts`; one order, always.
#pragma once
#include "operators/ebe_device.hpp"

namespace femcrust {

/// A body whose `parts` hold kMostSums values for each of its n_parts.
constexpr int kMostSums = 9;

template <class T>
struct ElementSumTable {
  /// xx, yy, zz, xy, xz, yz. [n_nodes][6]
  void (*diagonal)(const DeviceBody<T>& body, T* blocks);
  /// K_ij of linear elements, row: component of the end with the lower number. [n_edges][3][3]
  void (*edges)(const DeviceBody<T>& body, T* blocks);
};

struct ElementSumKernels {
  ElementSumTable<float> single;
  ElementSumTable<double> twofold;
};

namespace cuda {
extern const ElementSumKernels element_sums;
}
namespace emulated {
extern const ElementSumKernels element_sums;
}

}  // namespace femcrust

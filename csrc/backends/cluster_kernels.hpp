/// Banded Cholesky factors of small clusters of nodes, sixteen clusters side by side in lanes.
///
/// A batch holds kClusterLanes clusters of at most n nodes whose nodes couple to at most `reach`
/// nodes before them: C = L D Lᵀ with row i of L in 3 (reach + 1) columns that begin at column
/// 3 (⌊i/3⌋ − reach). Column i itself, where L is one, holds 1/D_i. Lanes and rows that no cluster
/// fills are rows of the identity. No function of the standard library appears in
/// cluster_kernels.cpp (see operators/ebe_kernels.hpp for why).
#pragma once
#include "core/types.hpp"

namespace femcrust {

constexpr int kClusterLanes = 16;
constexpr int kMostInCluster = 64;  // nodes
constexpr int kMostReach = 15;      // nodes

template <class T>
struct ClusterBatch {
  Index n, reach;      // nodes, the largest of the batch
  const Index* nodes;  // [n][kClusterLanes], -1 where there is none
  T* factors;          // [3 n][3 (reach + 1)][kClusterLanes]
};

struct ClusterFactor {
  /// C, as `factors` of a batch in double, becomes its factors, in place; 1 if every lane's
  /// C is positive definite.
  int (*factor)(const ClusterBatch<double>& batch);
};

template <class T>
struct ClusterTable {
  /// d += gain C⁻¹ r on the nodes of a batch, and x += gain C⁻¹ r unless x is null, for 1, 4, 8 or
  /// 16 right-hand sides: vectors are [n_nodes][3][columns].
  void (*add[4])(const ClusterBatch<const T>& batch, const T* r, T gain, T* d, T* x);
};

constexpr int column_slot(int columns) {
  return columns == 1 ? 0 : columns == 4 ? 1 : columns == 8 ? 2 : 3;
}

struct ClusterKernels {
  ClusterFactor setup;
  ClusterTable<float> single;
  ClusterTable<double> twofold;
};

namespace v2 {
extern const ClusterKernels cluster_kernels;
}
namespace v3 {
extern const ClusterKernels cluster_kernels;
}
namespace v4 {
extern const ClusterKernels cluster_kernels;
}

}  // namespace femcrust

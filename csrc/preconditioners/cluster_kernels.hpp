/// Banded Cholesky factors of small clusters of nodes, sixteen clusters side by side in lanes.
///
/// A batch holds kClusterLanes clusters of at most n nodes whose nodes couple to at most `reach`
/// nodes before them: C = L D Lᵀ with row i of L in 3 (reach + 1) columns that begin at column
/// 3 (⌊i/3⌋ − reach). Column i itself, where L is one, holds 1/D_i. Lanes and rows that no cluster
/// fills are rows of the identity. No function of the standard library appears in
/// cluster_kernels.cpp (see operators/ebe_kernels.hpp for why).
#pragma once
#include "core/columns.hpp"
#include "core/formats.hpp"
#include "core/types.hpp"

namespace femcrust {

constexpr int kClusterLanes = 16;
constexpr int kMostInCluster = 128;  // nodes
constexpr int kMostReach = 15;       // nodes

template <class T>
struct ClusterBatch {
  Index n, reach;      // nodes, the largest of the batch
  const Index* nodes;  // [n][kClusterLanes], -1 where there is none
  T* factors;          // [3 n][3 (reach + 1)][kClusterLanes]
};

/// Where a batch lies among all of them.
struct ClusterPlace {
  Index n, reach;
  std::int64_t nodes, factors;  // first of the batch
};

template <class T>
struct ClusterBatches {
  const ClusterPlace* places;
  const Index* nodes;
  const T* factors;
  Index most_nodes;  // in a cluster

  FEMCRUST_HD ClusterBatch<const T> operator[](Index b) const {
    const ClusterPlace& at = places[b];
    return {at.n, at.reach, nodes + at.nodes, factors + at.factors};
  }
};

/// What one element couples in one cluster: shape gradients of `held` of its nodes, at the vertices
/// and summed (tet10::shape_gradients), and their ranks in the cluster. Moduli times V/20.
struct ClusterElement {
  double lambda, shear;
  int held;
  Index rank[10];
  double gradients[10][5][3];
};

struct ClusterSetup {
  /// band += the element's blocks K_ij with rank j <= rank i. Band of one cluster:
  /// [3 n][3 (reach + 1)], and one number more, which is read and written as it is.
  void (*add_element)(const ClusterElement& element, Index reach, double* band);
  /// C, as `factors` of a batch in double, becomes its factors, in place; 1 if every lane's
  /// C is positive definite.
  int (*factor)(const ClusterBatch<double>& batch);
};

/// d += gain C⁻¹ r on the nodes of batches [first, last), and x += gain C⁻¹ r unless x is null.
/// Vectors are [n_nodes][3][width] in format F.
template <class F>
using ClusterKernel = void (*)(const ClusterBatches<typename F::Real>& batches, Index first,
                               Index last, const typename F::Word* r, typename F::Real gain,
                               typename F::Word* d, typename F::Word* x);

struct ClusterKernels {
  ClusterSetup setup;
  ClusterKernel<Fp64> fp64[4];  // by width: 1, 4, 8, 16 columns
  ClusterKernel<Fp32> fp32[4];
  ClusterKernel<Fp21> fp21;
  ClusterKernel<Shared18> shared18;
  ClusterKernel<Bf16> bf16;
  ClusterKernel<Fp16> fp16;

  ClusterKernel<Fp64> add(Fp64, int width) const { return fp64[width_slot(width)]; }
  ClusterKernel<Fp32> add(Fp32, int width) const { return fp32[width_slot(width)]; }
  ClusterKernel<Fp21> add(Fp21, int) const { return fp21; }
  ClusterKernel<Shared18> add(Shared18, int) const { return shared18; }
  ClusterKernel<Bf16> add(Bf16, int) const { return bf16; }
  ClusterKernel<Fp16> add(Fp16, int) const { return fp16; }
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
namespace cuda {
extern const ClusterKernels cluster_kernels;
}
namespace emulated {
extern const ClusterKernels cluster_kernels;
}

}  // namespace femcrust

/// Loops over the nodes of the quadratic space, for vectors in any storage format and with any
/// number of columns; compiled once for each instruction set (see ebe_kernels.hpp).
#pragma once
#include "backends/vector_kernels.hpp"
#include "core/formats.hpp"

namespace femcrust {

/// Mid-edge nodes and vertices: `ends` [n_edges][2]; the edges at vertex v are
/// at[begin[v]] … at[begin[v + 1]]. Nodes are numbered vertices first, then edges.
struct EdgeGraph {
  Index n_vertices;
  const Index* ends;
  const Index* begin;
  const Index* at;
};

/// Kernels of one format F and one number of columns W; vectors are [n_nodes][3][W].
template <class F>
struct NodalTable {
  using Word = typename F::Word;
  using Real = typename F::Real;
  /// out = factor x;  z = factor x, a factor for each of W columns.
  void (*take)(Index first, Index last, const double* factor, const double* x, Word* out);
  void (*give)(Index first, Index last, const double* factor, const Word* x, double* z);
  /// r −= q
  void (*subtract)(Index first, Index last, const Word* q, Word* r);
  /// z = D r with symmetric 3×3 blocks, six values each: xx, yy, zz, xy, xz, yz.
  void (*scale)(Index first, Index last, const Real* blocks, const Word* r, Word* z);
  /// As VectorTable::smooth with such blocks.
  void (*smooth)(Index first, Index last, const Real* blocks, const Word* q, Word* r, Real keep,
                 Real gain, bool start, Word* d, Word* x);
  /// y += A x on stored rows [first, last) of 3×3 blocks.
  void (*add_rows)(const BlockRows<Real>& a, Index first, Index last, const Word* x, Word* y);
  /// v ← Q v with a projector [3][3] for each listed node.
  void (*project)(const Index* nodes, const double* projectors, Index first, Index last, Word* v);
  /// coarse = Pᵀ fine on vertices [first, last).
  void (*restrict_to)(const EdgeGraph& edges, Index first, Index last, const Word* fine,
                      Real* coarse);
  /// d = P coarse and x += d on nodes [first, last).
  void (*prolong)(const EdgeGraph& edges, Index first, Index last, const Real* coarse, Word* d,
                  Word* x);
};

struct NodalKernels {
  NodalTable<Fp64> fp64[4];
  NodalTable<Fp32> fp32[4];
  NodalTable<Fp21> fp21;
  NodalTable<Shared18> shared18;
  NodalTable<Bf16> bf16;
  NodalTable<Fp16> fp16;

  const NodalTable<Fp64>& of(Fp64, int width) const { return fp64[width_slot(width)]; }
  const NodalTable<Fp32>& of(Fp32, int width) const { return fp32[width_slot(width)]; }
  const NodalTable<Fp21>& of(Fp21, int) const { return fp21; }
  const NodalTable<Shared18>& of(Shared18, int) const { return shared18; }
  const NodalTable<Bf16>& of(Bf16, int) const { return bf16; }
  const NodalTable<Fp16>& of(Fp16, int) const { return fp16; }
};

namespace v2 {
extern const NodalKernels nodal_kernels;
}
namespace v3 {
extern const NodalKernels nodal_kernels;
}
namespace v4 {
extern const NodalKernels nodal_kernels;
}
namespace cuda {
extern const NodalKernels nodal_kernels;
}
namespace emulated {
extern const NodalKernels nodal_kernels;
}

}  // namespace femcrust

/// The work on one block of elements, compiled once for each instruction set.
///
/// This header and ebe_kernels.cpp use no function of the standard library: its inline functions
/// would be compiled for the newest instruction set and the linker could take those copies for all.
#pragma once
#include "core/columns.hpp"
#include "core/formats.hpp"
#include "core/types.hpp"

namespace femcrust {

/// What a block's elements are, in float: loaded, for that is the least to read.
template <class T>
struct ElementData {
  const T* gradients;  // [n_batches][9][16], 1/m: ∇L_1, ∇L_2, ∇L_3
  const T* moduli;     // [n_batches][2][16], V/20 λ and V/20 μ, Pa m³
};

/// In double: computed from the vertices at every use, which takes a tenth longer and saves 88
/// bytes an element. Elements of equal vertices, which fill the last batch, have no stiffness.
template <>
struct ElementData<double> {
  const double* vertices;  // [n_vertices][4] of the whole mesh: x, y, z, 0
  const double *lam, *mu;  // [16 n_batches], Pa
  double unit;             // N/m: the operator comes in multiples of it
};

/// One block of elements. Products set the first `n_first` of its nodes, which no block before it
/// has met, and add to the rest.
template <class T>
struct EbeBlock {
  const Index* nodes;  // [n_nodes] global numbers
  Index n_nodes, n_first;
  Index n_vertices;            // nodes below it are vertices, of the whole mesh
  Index n_batches;             // of 16 elements
  const std::uint16_t* local;  // [n_batches][10][16] into `nodes`
  ElementData<T> data;
  Index n_elements;         // real ones; the last batch is padded with stiffness zero
  const Index* next_nodes;  // [n_next] of the block that follows: into cache meanwhile
  Index n_next;
};

/// y (=, +=) Σ_e K_e x; x and y are [n_nodes][3][W] in format F; `scratch` holds 2·4·n_nodes values
/// on a cache line (used by W = 1 only).
template <class F>
using EbeKernel = void (*)(const EbeBlock<typename F::Real>& block, const typename F::Word* x,
                           typename F::Word* y, typename F::Real* scratch);
/// y (=, +=) Σ_e K_e P x with x [n_vertices][3][W] on the vertices only.
template <class F>
using LinearKernel = void (*)(const EbeBlock<typename F::Real>& block, const typename F::Real* x,
                              typename F::Word* y, typename F::Real* scratch);

template <class F, int N>
struct EbeTable {
  EbeKernel<F> product[N];  // by width: 1, 4, 8, 16 columns
  LinearKernel<F> linear[N];
};

struct EbeKernels {
  EbeTable<Fp64, 4> fp64;
  EbeTable<Fp32, 4> fp32;
  EbeTable<Fp21, 1> fp21;
  EbeTable<Shared18, 1> shared18;
  EbeTable<Bf16, 1> bf16;
  EbeTable<Fp16, 1> fp16;

  const EbeTable<Fp64, 4>& of(Fp64) const { return fp64; }
  const EbeTable<Fp32, 4>& of(Fp32) const { return fp32; }
  const EbeTable<Fp21, 1>& of(Fp21) const { return fp21; }
  const EbeTable<Shared18, 1>& of(Shared18) const { return shared18; }
  const EbeTable<Bf16, 1>& of(Bf16) const { return bf16; }
  const EbeTable<Fp16, 1>& of(Fp16) const { return fp16; }
};

namespace v2 {
extern const EbeKernels ebe_kernels;
}
namespace v3 {
extern const EbeKernels ebe_kernels;
}
namespace v4 {
extern const EbeKernels ebe_kernels;
}

}  // namespace femcrust

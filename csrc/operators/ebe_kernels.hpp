/// The work on one block of elements, compiled once for each instruction set.
///
/// This header and ebe_kernels.cpp use no function of the standard library: its inline functions
/// would be compiled for the newest instruction set and the linker could take those copies for all.
#pragma once
#include "core/types.hpp"

namespace femcrust {

/// One block: y[nodes] += Σ_e K_e x, with r right-hand sides innermost.
template <class T>
struct EbeBlock {
  const Index* nodes;  // [n_nodes] global numbers
  Index n_nodes;
  Index n_batches;             // of 16 elements
  const std::uint16_t* local;  // [n_batches][10][16] into `nodes`
  const T* gradients;          // [n_batches][9][16], 1/m: ∇L_1, ∇L_2, ∇L_3
  const T* moduli;             // [n_batches][2][16], V/20 λ and V/20 μ, Pa m³
  Index n_elements;            // real ones; the last batch is padded with zero moduli
};

template <class T>
using EbeKernel = void (*)(const EbeBlock<T>& block, const T* x, T* y, T* scratch);

/// Kernels for 1, 4, 8 and 16 right-hand sides: x, y are [n_nodes][3][r]; `scratch` holds
/// 2·4·n_nodes values on a cache line (used by r = 1 only).
template <class T>
struct EbeTable {
  EbeKernel<T> one, four, eight, sixteen;
};

struct EbeKernels {
  const char* name;
  EbeTable<float> single;
  EbeTable<double> twofold;
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

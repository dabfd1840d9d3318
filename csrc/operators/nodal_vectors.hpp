/// Nodal vectors [n_nodes][3][width] in a storage format, and the kernels that work on them.
#pragma once
#include "backends/tables.hpp"
#include "operators/nodal_kernels.hpp"

namespace femcrust {

/// An array of T where backend B works.
template <class B, class T>
using ArrayOn = typename B::template Array<T>;

template <class B, class F>
using Words = ArrayOn<B, typename F::Word>;

/// Words of a vector with n nodes.
template <class F>
constexpr std::size_t words(Index n_nodes, int width) {
  return static_cast<std::size_t>(n_nodes) * F::kWords * static_cast<std::size_t>(width);
}

/// The format that holds numbers of type T as they are.
template <class T>
using Plain = std::conditional_t<sizeof(T) == sizeof(float), Fp32, Fp64>;

template <class B, class F>
const NodalTable<F>& nodal_kernels(int width) {
  require(kPlain<F> || width == 1, "packed storage serves one right-hand side at a time");
  return FEMCRUST_KERNELS(B, nodal_kernels).of(F{}, width);
}

}  // namespace femcrust

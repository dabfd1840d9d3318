// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see ebe_kernels.hpp.
#include "operators/ebe_kernels.hpp"

#include "operators/ebe_columns.hpp"
#include "operators/ebe_single.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class F>
constexpr EbeTable<F, 4> plain() {
  using T = typename F::Real;
  return {
      {single_column<F>, columns<T, 4, false>, columns<T, 8, false>, columns<T, 16, false>},
      {linear_single_column<F>, columns<T, 4, true>, columns<T, 8, true>, columns<T, 16, true>}};
}
template <class F>
constexpr EbeTable<F, 1> packed() {
  return {{single_column<F>}, {linear_single_column<F>}};
}

}  // namespace

extern const EbeKernels ebe_kernels = {plain<Fp64>(),      plain<Fp32>(),  packed<Fp21>(),
                                       packed<Shared18>(), packed<Bf16>(), packed<Fp16>()};

}  // namespace femcrust::FEMCRUST_ISA

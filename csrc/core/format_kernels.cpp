// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see operators/ebe_kernels.hpp.
#include "core/format_kernels.hpp"

#include "core/formats.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class F>
void store(std::size_t n_nodes, const void* values, void* words) {
  const auto* __restrict from = static_cast<const typename F::Real*>(values);
  auto* __restrict to = static_cast<typename F::Word*>(words);
  for (std::size_t n = 0; n < n_nodes; ++n) F::store(to + n * F::kWords, from + 3 * n);
}

template <class F>
void load(std::size_t n_nodes, const void* words, void* values) {
  const auto* __restrict from = static_cast<const typename F::Word*>(words);
  auto* __restrict to = static_cast<typename F::Real*>(values);
  for (std::size_t n = 0; n < n_nodes; ++n) F::load(from + n * F::kWords, to + 3 * n);
}

template <class F>
constexpr FormatKernels kernels() {
  return {F::kName,     F::kWords,   sizeof(typename F::Word), sizeof(typename F::Real),
          F::kRoundoff, F::kLargest, F::kSmallestNormal,       store<F>,
          load<F>};
}

}  // namespace

extern const FormatKernels format_kernels[kFormats] = {kernels<Fp64>(), kernels<Fp32>(),
                                                       kernels<Fp21>(), kernels<Shared18>(),
                                                       kernels<Bf16>(), kernels<Fp16>()};

}  // namespace femcrust::FEMCRUST_ISA

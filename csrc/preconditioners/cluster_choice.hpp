/// How a device solves on clusters of strongly coupled nodes.
#pragma once
#include "backends/kernel_choice.hpp"

namespace femcrust {

/// By substitution with factors, or with inverses of small clusters: as they are, or in one or two
/// FP16 numbers by Tensor Cores (8 and 16 columns in float; else by substitution).
enum class ClusterMethod { substitution, inverse, mma1, mma2 };

inline KernelChoice<ClusterMethod>& cluster_choice() {
  constexpr auto factors = ClusterMethod::substitution, inverse = ClusterMethod::inverse;
  // By the count of small_cluster_kernels.hpp; no card has measured it yet.
  static KernelChoice<ClusterMethod> choice(
      {"substitution", "inverse", "mma1", "mma2"},
      {{8, {inverse, factors, factors, factors}}, {9, {inverse, factors, factors, factors}}});
  return choice;
}

}  // namespace femcrust

/// Inverse diagonal blocks of a level on a device, and the largest eigenvalue of D⁻¹A: the steps of
/// largest_eigenvalue.hpp, with vectors in the precision of the level.
#pragma once
#include <cmath>
#include <vector>

#include "aggregation/device_csr.hpp"
#include "aggregation/level_kernels.hpp"
#include "backends/random_values.hpp"
#include "operators/diagonal_blocks_cuda.hpp"
#include "preconditioners/chebyshev.hpp"

namespace femcrust {

/// As a smoother takes them: [n_rows][6] for blocks of 3, else [n_rows][6][6].
template <class T>
DeviceArray<T> inverse_diagonal(const DeviceCsr<T>& a) {
  const std::size_t stored = a.block_rows == 3 ? 6 : a.per_block();
  DeviceArray<T> inverse(static_cast<std::size_t>(a.n_rows()) * stored);
  in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(level_kernels))
      .inverse_diagonal(a.view(), a.n_rows(), a.block_rows, inverse.data());
  return inverse;
}

template <class T>
double largest_eigenvalue(const Cuda& cuda, const DeviceCsr<T>& a, const DeviceArray<T>& inverse) {
  constexpr int kSteps = 8;
  const int block = a.block_rows;
  const Index n = a.n_rows();
  DeviceArray<T> r(a.size()), p(a.size()), q(a.size()), z(a.size());
  const DeviceVectorTable<T>& kernels = Cuda::vectors<T>();
  const auto apply = [&](const DeviceArray<T>& x, DeviceArray<T>& y) {
    in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(level_products))
        .unpacked[block == 6](a.view(), n, x.data(), y.data());
  };
  const auto scale = [&](DeviceArray<T>& x, DeviceArray<T>& y) {
    if (block == 3)
      nodal_kernels<Cuda, Plain<T>>(1).scale(0, n, inverse.data(), x.data(), y.data());
    else
      kernels.smooth[0](0, n, inverse.data(), nullptr, x.data(), T(0), T(1), true, y.data(),
                        y.data());
  };
  fill_random(cuda, q);
  apply(q, r);  // in the range of A: a mode that vanishes has no part in it
  std::vector<double> diagonal, off;
  double rho = 0, alpha = 0;
  for (int step = 0;; ++step) {
    if (step > 0) cuda.axpby(static_cast<T>(-alpha), q, T(1), r);
    scale(r, z);
    const double rho_next = cuda.dot(r, z);
    if (!(rho_next > 0)) break;
    const double beta = step == 0 ? 0.0 : rho_next / rho;
    if (step > 0) off.push_back(std::sqrt(beta) / alpha);
    if (step == kSteps) break;
    rho = rho_next;
    cuda.axpby(T(1), z, static_cast<T>(beta), p);
    apply(p, q);
    const double curvature = cuda.dot(p, q);
    if (!(curvature > 0)) break;
    const double before = alpha;
    alpha = rho / curvature;
    diagonal.push_back(1 / alpha + (step > 0 ? beta / before : 0.0));
  }
  require(!diagonal.empty(), "the largest eigenvalue of a level could not be estimated");
  return largest_eigenvalue_bound(diagonal, off);
}

}  // namespace femcrust

/// The largest eigenvalue of D⁻¹A of an assembled level by a few Lanczos steps in the inner product
/// of D, written as conjugate gradients on a fixed random load [Saad03, §6.7.3].
#pragma once
#include <cmath>
#include <optional>
#include <vector>

#include "aggregation/block_csr.hpp"
#include "backends/random_values.hpp"
#include "operators/shared_nodes.hpp"
#include "preconditioners/chebyshev.hpp"

namespace femcrust {

/// Work on rows in pieces and the sum of what they return, added in order: the bits do not depend
/// on the number of threads.
template <class F>
double sum_of_pieces(const Cpu& cpu, Index n, const F& piece) {
  constexpr Index kRows = 1024;
  std::vector<double> sums(static_cast<std::size_t>((n + kRows - 1) / kRows));
  cpu.for_ranges(n, kRows, [&](Index first, Index last) {
    sums[static_cast<std::size_t>(first / kRows)] = piece(first, last);
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

/// inverse: [n_rows][B][B] of D;  halo: of the rows, or null where there is one rank
template <class T>
double largest_eigenvalue(const Cpu& cpu, const BlockCsr<T>& a, const Array<T>& inverse,
                          const std::shared_ptr<const Halo>& halo = nullptr) {
  constexpr int kSteps = 8;
  const Index n = a.n_rows();
  const auto b = static_cast<std::size_t>(a.block_rows);
  Array<double> r(a.size()), p(a.size()), q(a.size()), z(a.size());
  fill_random(cpu, q);
  std::optional<SharedNodes<Cpu>> shared;
  if (halo) shared.emplace(halo);
  if (shared) shared->agree(b, q.data());
  const auto over_ranks = [&](double sum) {
    if (shared) halo->comm().sum(&sum, 1);
    return sum;
  };
  const auto apply = product_table<T>().apply[b == 3 ? 0 : 1];
  // The load is in the range of A: a mode that vanishes has no part in it.
  cpu.for_ranges(
      n, 1024, [&](Index first, Index last) { apply(first, last, a.view(), q.data(), r.data()); });
  if (shared) shared->sum(b, r.data());
  std::vector<double> diagonal, off;
  double rho = 0, alpha = 0, beta = 0;
  q.fill(0);
  for (int step = 0;; ++step) {
    double rho_next = sum_of_pieces(cpu, n, [&](Index first, Index last) {
      double sum = 0;
      for (auto i = static_cast<std::size_t>(first) * b; i < static_cast<std::size_t>(last) * b;
           ++i)
        r[i] -= alpha * q[i];
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
        for (std::size_t c = 0; c < b; ++c) {
          const T* const d = inverse.data() + (i * b + c) * b;
          double value = 0;
          for (std::size_t k = 0; k < b; ++k) value += static_cast<double>(d[k]) * r[i * b + k];
          z[i * b + c] = value;
          sum += value * r[i * b + c];
        }
      return sum;
    });
    if (shared) rho_next -= shared->ghosts_part(1, b, z.data(), r.data())[0];
    rho_next = over_ranks(rho_next);
    if (!(rho_next > 0)) break;
    beta = step == 0 ? 0.0 : rho_next / rho;
    if (step > 0) off.push_back(std::sqrt(beta) / alpha);
    if (step == kSteps) break;
    rho = rho_next;
    cpu.for_ranges(n, 1024, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first) * b; i < static_cast<std::size_t>(last) * b;
           ++i)
        p[i] = z[i] + beta * p[i];
    });
    // A's parts times p, over all rows of all ranks, are p · A p.
    const double curvature = over_ranks(sum_of_pieces(cpu, n, [&](Index first, Index last) {
      apply(first, last, a.view(), p.data(), q.data());
      double sum = 0;
      for (auto i = static_cast<std::size_t>(first) * b; i < static_cast<std::size_t>(last) * b;
           ++i)
        sum += p[i] * q[i];
      return sum;
    }));
    if (shared) shared->sum(b, q.data());
    if (!(curvature > 0)) break;
    const double before = alpha;
    alpha = rho / curvature;
    diagonal.push_back(1 / alpha + (step > 0 ? beta / before : 0.0));
  }
  require(!diagonal.empty(), "the largest eigenvalue of a level could not be estimated");
  return largest_eigenvalue_bound(diagonal, off);
}

}  // namespace femcrust

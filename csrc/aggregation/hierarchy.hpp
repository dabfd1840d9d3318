/// Smoothed aggregation with the six rigid-body modes [VanekMandelBrezina96]: from the matrix of
/// the linear level to a matrix that is small enough to invert.
///
/// Each level: aggregates of strongly coupled rows → tentative T → P = (I − ω/λ_max D⁻¹A) T with
/// ω = 4/3 and block-diagonal D → the Galerkin product Pᵀ A P. Blocks are stored in T, sums are
/// in double. λ_max of D⁻¹A serves the level's smoother too.
///
/// Over ranks the levels are theirs together until one is small; from there on each has it whole.
#pragma once
#include <utility>
#include <vector>

#include "aggregation/block_product.hpp"
#include "aggregation/dense_inverse.hpp"
#include "aggregation/diagonal.hpp"
#include "aggregation/largest_eigenvalue.hpp"
#include "aggregation/ranked_step.hpp"
#include "aggregation/tentative.hpp"
#include "aggregation/whole_level.hpp"

namespace femcrust {

struct AggregationOptions {
  double strength = 0;  // θ of strength.hpp
  Index coarsest = 0;   // unknowns from which a matrix is inverted
};

template <class T>
struct Stage {
  BlockCsr<T> matrix, prolongation, restriction;  // the last stage has its matrix only
  Array<T> inverse_diagonal;                      // [n_rows][B][B]
  double lambda_max = 0;                          // of D⁻¹A
  std::shared_ptr<const Halo> halo;               // of rows that ranks share; null: none
};

template <class T>
struct Hierarchy {
  std::vector<Stage<T>> stages;
  std::vector<T> coarsest_inverse;  // [n][n]
  std::size_t gathered = 0;   // the first stage that every rank has whole, where there are ranks
  std::vector<Index> places;  // in it of the rows that this one knows; empty for one rank
};

constexpr double kOmega = 4.0 / 3.0;  // of the smoothing of P, over λ_max

/// P = T − ω/λ D⁻¹ (A T)
template <class T>
BlockCsr<T> smoothed(const BlockCsr<T>& a, const BlockCsr<T>& tentative, const Array<T>& inverse,
                     double lambda_max) {
  const double step = kOmega / lambda_max;
  const auto b = static_cast<std::size_t>(a.block_rows);
  return product(a, tentative, Part::all, [&](Index i, const RowSum& sum) {
    const T* const d = inverse.data() + static_cast<std::size_t>(i) * b * b;
    for (std::size_t k = 0; k < sum.count; ++k) {
      double* const s = sum.sums + k * b * kModeLanes;
      double old[kModes * kModeLanes];
      std::copy(s, s + b * kModeLanes, old);
      for (std::size_t r = 0; r < b; ++r)
        for (std::size_t m = 0; m < kModes; ++m) {
          double value = 0;
          for (std::size_t j = 0; j < b; ++j)
            value += static_cast<double>(d[r * b + j]) * old[j * kModeLanes + m];
          s[r * kModeLanes + m] = -step * value;
        }
    }
    if (tentative.first(i) == tentative.last(i)) return;
    const T* const t = tentative.block(tentative.first(i));
    if (a.diagonal(i) < 0) return;  // of no element
    const Index own = sum.place[tentative.column(tentative.first(i))];
    double* const s = sum.sums + static_cast<std::size_t>(own) * b * kModeLanes;
    for (std::size_t r = 0; r < b; ++r)
      for (std::size_t m = 0; m < kModes; ++m)
        s[r * kModeLanes + m] += static_cast<double>(t[r * kModes + m]);
  });
}

/// From a level that ranks share to the next one: its stage, its matrix, its rows and their modes.
template <class T>
Stage<T> shared_step(const Cpu& cpu, const AggregationOptions& options, BlockCsr<T>& matrix,
                     SharedRows& rows, std::vector<double>& modes) {
  Stage<T> stage;
  stage.halo = rows.halo;
  stage.inverse_diagonal = inverse_diagonal(matrix, rows.halo.get());
  stage.lambda_max = largest_eigenvalue(cpu, matrix, stage.inverse_diagonal, rows.halo);
  const std::vector<char> ghost = rows.is_ghost();
  const Aggregates aggregates = aggregated(matrix, options.strength, ghost);
  Tentative<T> basis = tentative<T>(aggregates, modes, matrix.block_rows);
  KnownColumns columns(rows.comm(), aggregates.count);
  basis.prolongation = with_ghosts(basis.prolongation, rows, columns);
  stage.prolongation = smoothed(matrix, basis.prolongation, stage.inverse_diagonal,
                                kOmega / stage.lambda_max, rows, columns);
  BlockCsr<T> coarse = symmetric_from_upper(
      product(transposed(stage.prolongation), product(matrix, stage.prolongation), Part::upper));
  stage.restriction = transposed(without_rows(stage.prolongation, ghost));
  rows = shared_rows(rows.halo->shared_comm(), columns.first(), columns.numbers());
  modes = known_modes(basis.modes, columns.first_own(), rows);
  stage.matrix = std::move(matrix);
  matrix = std::move(coarse);
  return stage;
}

/// Whether a level is so small that its messages cost more than its work done by every rank.
inline bool few(const SharedRows& rows) {
  constexpr RowNumber kFew = 700, kFewOfRank = 32;
  return rows.total <= std::max(kFew, kFewOfRank * rows.comm().size());
}

/// modes: [n_rows][3][6] of the finest matrix;  halo: of its rows, or null where there is one rank
template <class T>
Hierarchy<T> hierarchy(const Cpu& cpu, BlockCsr<T> matrix, std::vector<double> modes,
                       const AggregationOptions& options,
                       const std::shared_ptr<const Halo>& halo = nullptr) {
  Hierarchy<T> out;
  if (halo) {
    SharedRows rows = shared_rows(halo, matrix.n_rows());
    while (!few(rows)) out.stages.push_back(shared_step(cpu, options, matrix, rows, modes));
    out.gathered = out.stages.size();
    out.places.assign(rows.numbers.begin(), rows.numbers.end());
    const auto per = static_cast<std::size_t>(matrix.block_rows) * kModes;
    modes = whole_values(modes, per, rows);
    matrix = whole_matrix(matrix, rows);
  }
  while (matrix.size() > static_cast<std::size_t>(options.coarsest)) {
    Stage<T> stage;
    stage.inverse_diagonal = inverse_diagonal(matrix);
    stage.lambda_max = largest_eigenvalue(cpu, matrix, stage.inverse_diagonal);
    const Aggregates aggregates = aggregated(matrix, options.strength);
    Tentative<T> basis = tentative<T>(aggregates, modes, matrix.block_rows);
    stage.prolongation =
        smoothed(matrix, basis.prolongation, stage.inverse_diagonal, stage.lambda_max);
    basis.prolongation = {};
    stage.restriction = transposed(stage.prolongation);
    BlockCsr<T> coarse = symmetric_from_upper(
        product(stage.restriction, product(matrix, stage.prolongation), Part::upper));
    modes = std::move(basis.modes);
    stage.matrix = std::move(matrix);
    matrix = std::move(coarse);
    out.stages.push_back(std::move(stage));
  }
  out.coarsest_inverse = dense_inverse(cpu, matrix);
  Stage<T> last;
  last.matrix = std::move(matrix);
  out.stages.push_back(std::move(last));
  return out;
}

}  // namespace femcrust

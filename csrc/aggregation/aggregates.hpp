/// Rows grouped into aggregates of strongly coupled neighbours [VanekMandelBrezina96, alg. 2].
///
/// Greedy and in the order of the rows, so on one thread: it is a few percent of the setup. Rows
/// are numbered along a space-filling curve, which keeps aggregates compact.
#pragma once
#include <vector>

#include "aggregation/strength.hpp"

namespace femcrust {

struct Aggregates {
  static constexpr Index kNone = -1;  // a row without a strong coupling: smoothing alone solves it

  Index count = 0;
  std::vector<Index> of;  // [n_rows] aggregate of each row, or kNone
};

/// Takes couplings with ghosts from the strong ones; returns the other rows that lose all of
/// theirs.
template <class T>
std::vector<Index> without_ghosts(const BlockCsr<T>& a, const std::vector<char>& ghost,
                                  std::vector<char>& strong) {
  std::vector<Index> lonely;
  for (Index i = 0; i < a.n_rows(); ++i) {
    bool lost = false, left = false;
    for (Index e = a.first(i); e < a.last(i); ++e) {
      char& here = strong[static_cast<std::size_t>(e)];
      if (!here) continue;
      if (ghost[static_cast<std::size_t>(i)] || ghost[static_cast<std::size_t>(a.column(e))]) {
        here = 0;
        lost = true;
      } else {
        left = true;
      }
    }
    if (lost && !left && !ghost[static_cast<std::size_t>(i)]) lonely.push_back(i);
  }
  return lonely;
}

/// ghost: marks rows that another rank takes into its aggregates; empty where there is none. What
/// couples to them alone makes an aggregate of its own.
template <class T>
Aggregates aggregated(const BlockCsr<T>& a, double theta, const std::vector<char>& ghost = {}) {
  std::vector<char> strong = strong_couplings(a, theta);
  const Index n = a.n_rows();
  std::vector<Index> lonely;
  if (!ghost.empty()) lonely = without_ghosts(a, ghost, strong);
  Aggregates out;
  out.of.assign(static_cast<std::size_t>(n), Aggregates::kNone);
  const auto each_strong = [&](Index i, const auto& visit) {
    for (Index e = a.first(i); e < a.last(i); ++e)
      if (strong[static_cast<std::size_t>(e)]) visit(static_cast<std::size_t>(a.column(e)), e);
  };
  // 1: a row none of whose neighbours is taken becomes an aggregate with them.
  for (Index i = 0; i < n; ++i) {
    bool alone = true, taken = out.of[static_cast<std::size_t>(i)] != Aggregates::kNone;
    if (taken) continue;
    each_strong(i, [&](std::size_t j, Index) {
      alone = false;
      taken = taken || out.of[j] != Aggregates::kNone;
    });
    if (alone || taken) continue;
    out.of[static_cast<std::size_t>(i)] = out.count;
    each_strong(i, [&](std::size_t j, Index) { out.of[j] = out.count; });
    ++out.count;
  }
  // 2: the rest joins a neighbour's aggregate of pass 1.
  const std::vector<Index> first_pass = out.of;
  for (Index i = 0; i < n; ++i) {
    Index& own = out.of[static_cast<std::size_t>(i)];
    if (own != Aggregates::kNone) continue;
    each_strong(i, [&](std::size_t j, Index) {
      if (own == Aggregates::kNone) own = first_pass[j];
    });
  }
  for (const Index i : lonely) out.of[static_cast<std::size_t>(i)] = out.count++;
  return out;
}

}  // namespace femcrust

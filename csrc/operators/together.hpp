/// The backend of one rank of many: what the solvers see of the others. Its dot products are sums
/// over all ranks; of a node that ranks share its owner's values count.
#pragma once
#include "operators/shared_nodes.hpp"

namespace femcrust {

template <class B>
class Together : public B {
 public:
  /// shared: of rows of three numbers times the columns; null where there is one rank
  explicit Together(const SharedNodes<B>* shared) : shared_(shared) {}

  template <class T>
  PerColumn dot(int columns, const ArrayOn<B, T>& x, const ArrayOn<B, T>& y) const {
    PerColumn sum = B::dot(columns, x, y);
    if (shared_ != nullptr) {
      leave_ghosts(columns, x, y, sum);
      comm().sum(sum.of, static_cast<std::size_t>(columns));
    }
    return sum;
  }
  template <class T>
  double dot(const ArrayOn<B, T>& x, const ArrayOn<B, T>& y) const {
    return dot(1, x, y)[0];
  }
  template <class T>
  double norm(const ArrayOn<B, T>& x) const {
    return std::sqrt(dot(x, x));
  }

  /// The owner's values at shared nodes.
  template <class T>
  void agree(ArrayOn<B, T>& v) const {
    if (shared_ != nullptr) shared_->agree(3, v.data());
  }

  /// x · z and y · z by one message.
  template <class T>
  std::pair<PerColumn, PerColumn> dots(int columns, const ArrayOn<B, T>& x, const ArrayOn<B, T>& y,
                                       const ArrayOn<B, T>& z) const {
    std::pair<PerColumn, PerColumn> sums(B::dot(columns, x, z), B::dot(columns, y, z));
    if (shared_ != nullptr) {
      leave_ghosts(columns, x, z, sums.first);
      leave_ghosts(columns, y, z, sums.second);
      double both[2 * kMostColumns];
      std::copy_n(sums.first.of, columns, both);
      std::copy_n(sums.second.of, columns, both + columns);
      comm().sum(both, 2 * static_cast<std::size_t>(columns));
      std::copy_n(both, columns, sums.first.of);
      std::copy_n(both + columns, columns, sums.second.of);
    }
    return sums;
  }

  /// As B's.
  template <class T>
  PerColumn advance(int columns, const PerColumn& a, const ArrayOn<B, T>& p, const ArrayOn<B, T>& q,
                    ArrayOn<B, T>& x, ArrayOn<B, T>& r) const {
    PerColumn sum = B::advance(columns, a, p, q, x, r);
    if (shared_ != nullptr) {
      leave_ghosts(columns, r, r, sum);
      comm().sum(sum.of, static_cast<std::size_t>(columns));
    }
    return sum;
  }

 private:
  const Comm& comm() const { return shared_->halo().comm(); }

  template <class T>
  void leave_ghosts(int columns, const ArrayOn<B, T>& x, const ArrayOn<B, T>& y,
                    PerColumn& sum) const {
    const PerColumn part =
        shared_->ghosts_part(columns, 3 * static_cast<std::size_t>(columns), x.data(), y.data());
    for (int c = 0; c < columns; ++c) sum[c] -= part[c];
  }

  const SharedNodes<B>* shared_;
};

}  // namespace femcrust

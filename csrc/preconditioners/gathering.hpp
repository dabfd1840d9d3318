/// The step from a level that ranks share to one that each has whole: its residual is the sum of
/// what they restrict to it, and each takes from the solution the rows that it knows.
#pragma once
#include <memory>
#include <utility>

#include "comm/comm.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

template <class T, class B>
class Gathering {
 public:
  /// places: row of the whole level of each row that this rank knows;  block: unknowns of a row
  Gathering(std::shared_ptr<const Comm> comm, std::vector<Index> places, Index n_rows, int block)
      : comm_(std::move(comm)),
        places_(std::move(places)),
        n_rows_(static_cast<std::size_t>(n_rows)),
        block_(static_cast<std::size_t>(block)) {
    resize(1);
  }

  void resize(int width) {
    const std::size_t per = block_ * static_cast<std::size_t>(width);
    part_.resize(places_.size() * per);
    mine_.resize(places_.size() * per);
    known_.resize(places_.size() * per);
    whole_.resize(n_rows_ * per);
    sums_.resize(n_rows_ * per);
  }

  /// What this rank restricts, and its rows of the solution.
  ArrayOn<B, T>& part() { return part_; }
  const ArrayOn<B, T>& mine() const { return mine_; }

  /// r = the sum of all parts
  void collect(int width, ArrayOn<B, T>& r) {
    const std::size_t per = block_ * static_cast<std::size_t>(width);
    B::copy_out(part_, known_.data());
    sums_.set_zero();
    for (std::size_t k = 0; k < places_.size(); ++k)
      for (std::size_t i = 0; i < per; ++i)
        sums_[static_cast<std::size_t>(places_[k]) * per + i] =
            static_cast<double>(known_[k * per + i]);
    comm_->sum(sums_.data(), sums_.size());
    for (std::size_t i = 0; i < sums_.size(); ++i) whole_[i] = static_cast<T>(sums_[i]);
    B::copy_in(whole_.data(), whole_.size(), r);
  }

  void spread(int width, const ArrayOn<B, T>& x) {
    const std::size_t per = block_ * static_cast<std::size_t>(width);
    B::copy_out(x, whole_.data());
    for (std::size_t k = 0; k < places_.size(); ++k)
      std::copy_n(whole_.data() + static_cast<std::size_t>(places_[k]) * per, per,
                  known_.data() + k * per);
    B::copy_in(known_.data(), known_.size(), mine_);
  }

  std::size_t bytes() const {
    return part_.bytes() + mine_.bytes() + known_.bytes() + whole_.bytes() + sums_.bytes();
  }

 private:
  std::shared_ptr<const Comm> comm_;
  std::vector<Index> places_;
  std::size_t n_rows_, block_;
  ArrayOn<B, T> part_, mine_;  // [places][block][width]
  Array<T> known_, whole_;     // on the host: of these rows, of all
  Array<double> sums_;
};

}  // namespace femcrust

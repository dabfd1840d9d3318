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
    const std::size_t size = places_.size() * block_ * static_cast<std::size_t>(width);
    part_.resize(size);
    mine_.resize(size);
    whole_.resize(n_rows_ * block_ * static_cast<std::size_t>(width));
  }

  /// What this rank restricts, and its rows of the solution.
  ArrayOn<B, T>& part() { return part_; }
  const ArrayOn<B, T>& mine() const { return mine_; }

  /// r = the sum of all parts
  void collect(int width, ArrayOn<B, T>& r) {
    const std::size_t per = block_ * static_cast<std::size_t>(width);
    whole_.set_zero();
    for (std::size_t k = 0; k < places_.size(); ++k)
      for (std::size_t i = 0; i < per; ++i)
        whole_[static_cast<std::size_t>(places_[k]) * per + i] =
            static_cast<double>(part_[k * per + i]);
    comm_->sum(whole_.data(), whole_.size());
    for (std::size_t i = 0; i < whole_.size(); ++i) r[i] = static_cast<T>(whole_[i]);
  }

  void spread(int width, const ArrayOn<B, T>& x) {
    const std::size_t per = block_ * static_cast<std::size_t>(width);
    for (std::size_t k = 0; k < places_.size(); ++k)
      std::copy_n(x.data() + static_cast<std::size_t>(places_[k]) * per, per,
                  mine_.data() + k * per);
  }

  std::size_t bytes() const { return part_.bytes() + mine_.bytes() + whole_.bytes(); }

 private:
  std::shared_ptr<const Comm> comm_;
  std::vector<Index> places_;
  std::size_t n_rows_, block_;
  ArrayOn<B, T> part_, mine_;  // [places][block][width]
  Array<double> whole_;
};

}  // namespace femcrust

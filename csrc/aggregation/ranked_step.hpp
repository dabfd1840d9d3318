/// One step of smoothed aggregation over ranks. Each has a part A_r of the matrix, which is their
/// sum, on the rows that it knows. It aggregates the rows that it owns; rows of P that ranks share
/// are completed by what the others know of them, so that the next matrix is Σ Pᵀ A_r P, again a
/// sum of parts.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "aggregation/block_product.hpp"
#include "aggregation/shared_rows.hpp"
#include "aggregation/tentative.hpp"
#include "operators/shared_nodes.hpp"

namespace femcrust {

/// Aggregates as columns of P: those that this rank made, then others in the order in which it
/// meets them; at the end all by their numbers, so that ranks that share a row of P sum it alike.
class KnownColumns {
 public:
  KnownColumns(const Comm& comm, Index own)
      : first_(first_numbers(comm, static_cast<std::size_t>(own))),
        own_first_(first_[static_cast<std::size_t>(comm.rank())]),
        own_(own) {}

  Index size() const { return own_ + static_cast<Index>(foreign_.size()); }
  RowNumber first_own() const { return own_first_; }
  const std::vector<RowNumber>& first() const { return first_; }

  /// Numbers in ascending order, and the place there of each column.
  std::vector<RowNumber> numbers() const {
    std::vector<RowNumber> all;
    for (Index column = 0; column < size(); ++column) all.push_back(number(column));
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<Index> places() const {
    const std::vector<RowNumber> all = numbers();
    std::vector<Index> of;
    for (Index column = 0; column < size(); ++column)
      of.push_back(static_cast<Index>(std::lower_bound(all.begin(), all.end(), number(column)) -
                                      all.begin()));
    return of;
  }

  RowNumber number(Index column) const {
    return column < own_ ? own_first_ + column : foreign_[static_cast<std::size_t>(column - own_)];
  }
  Index column(RowNumber number) {
    if (number >= own_first_ && number < own_first_ + own_)
      return static_cast<Index>(number - own_first_);
    const auto [at, fresh] = place_.try_emplace(number, size());
    if (fresh) foreign_.push_back(number);
    return at->second;
  }

 private:
  std::vector<RowNumber> first_;
  RowNumber own_first_;
  Index own_;
  std::vector<RowNumber> foreign_;
  std::map<RowNumber, Index> place_;
};

/// T of the rows that a rank owns → with those that others own.
template <class T>
BlockCsr<T> with_ghosts(const BlockCsr<T>& owned, const SharedRows& rows, KnownColumns& columns) {
  const std::vector<Index>& shared = rows.halo->nodes();
  const std::size_t per = owned.per_block() + 1;  // the block, and the number of the column + 1
  Array<double> table(shared.size() * per);
  for (std::size_t k = 0; k < shared.size(); ++k) {
    const Index entry = owned.first(shared[k]);
    if (entry == owned.last(shared[k])) continue;
    std::copy_n(owned.block(entry), per - 1, table.data() + k * per);
    table[k * per + per - 1] = static_cast<double>(columns.number(owned.column(entry)) + 1);
  }
  rows.halo->sum(per, table.data());
  BlockCsr<T> out;
  out.block_rows = owned.block_rows;
  out.block_columns = owned.block_columns;
  out.begin = Array<Index>(owned.begin.size());
  for (Index i = 0; i < owned.n_rows(); ++i)
    out.begin[static_cast<std::size_t>(i) + 1] = owned.last(i) - owned.first(i);
  for (const Index i : rows.halo->ghosts())
    out.begin[static_cast<std::size_t>(i) + 1] =
        table[rows.halo->place(i) * per + per - 1] > 0 ? 1 : 0;
  accumulate_counts(out.begin);
  out.allocate();
  const std::vector<char> ghost = rows.is_ghost();
  for (Index i = 0; i < out.n_rows(); ++i) {
    if (out.first(i) == out.last(i)) continue;
    const auto entry = static_cast<std::size_t>(out.first(i));
    if (ghost[static_cast<std::size_t>(i)]) {
      const double* const from = table.data() + rows.halo->place(i) * per;
      out.columns[entry] = columns.column(static_cast<RowNumber>(from[per - 1]) - 1);
      for (std::size_t c = 0; c + 1 < per; ++c)
        out.block(out.first(i))[c] = static_cast<T>(from[c]);
    } else {
      out.columns[entry] = owned.column(owned.first(i));
      std::copy_n(owned.block(owned.first(i)), per - 1, out.block(out.first(i)));
    }
  }
  out.n_columns = columns.size();
  return out;
}

/// Blocks of one row by their columns.
using RowBlocks = std::map<Index, std::vector<double>>;

/// Rows that ranks share, whole: the parts of all ranks added in the order of the ranks.
template <class T>
std::vector<RowBlocks> completed(const BlockCsr<T>& part, const SharedRows& rows,
                                 KnownColumns& columns) {
  const Halo& halo = *rows.halo;
  const Comm& comm = rows.comm();
  const std::size_t per = part.per_block();
  std::vector<std::string> to(static_cast<std::size_t>(comm.size()));
  for (const Neighbour& neighbour : halo.neighbours()) {
    Packer message;
    for (const Index row : neighbour.nodes) {
      message.put(part.last(row) - part.first(row));
      for (Index e = part.first(row); e < part.last(row); ++e) {
        message.put(columns.number(part.column(e)));
        message.put(part.block(e), per);
      }
    }
    to[static_cast<std::size_t>(neighbour.rank)] = message.bytes();
  }
  const std::vector<std::string> came = comm.swap(to);
  std::vector<RowBlocks> out(halo.nodes().size());
  const auto add = [&](std::size_t place, Index column, const T* block) {
    std::vector<double>& sum = out[place][column];
    sum.resize(per, 0.0);
    for (std::size_t c = 0; c < per; ++c) sum[c] += static_cast<double>(block[c]);
  };
  const auto add_own = [&] {
    for (std::size_t k = 0; k < halo.nodes().size(); ++k)
      for (Index e = part.first(halo.nodes()[k]); e < part.last(halo.nodes()[k]); ++e)
        add(k, part.column(e), part.block(e));
  };
  bool own = false;
  std::vector<T> block(per);
  for (const Neighbour& neighbour : halo.neighbours()) {
    if (!own && neighbour.rank > comm.rank()) {
      add_own();
      own = true;
    }
    Unpacker from(came[static_cast<std::size_t>(neighbour.rank)]);
    for (const Index row : neighbour.nodes)
      for (Index left = from.take<Index>(); left > 0; --left) {
        const Index column = columns.column(from.take<RowNumber>());
        from.take(block.data(), per);
        add(halo.place(row), column, block.data());
      }
  }
  if (!own) add_own();
  return out;
}

/// P = T − step D⁻¹ (A T) with whole rows for all that this rank knows; columns by their numbers.
template <class T>
BlockCsr<T> smoothed(const BlockCsr<T>& a, const BlockCsr<T>& tentative, const Array<T>& inverse,
                     double step, const SharedRows& rows, KnownColumns& columns) {
  const BlockCsr<T> part = product(a, tentative);
  std::vector<RowBlocks> shared = completed(part, rows, columns);
  const std::vector<Index> place = columns.places();
  const auto b = static_cast<std::size_t>(a.block_rows);
  const std::vector<Index>& nodes = rows.halo->nodes();
  const Index n = a.n_rows();
  BlockCsr<T> p;
  p.block_rows = a.block_rows;
  p.block_columns = kModes;
  p.n_columns = columns.size();
  p.begin = Array<Index>(static_cast<std::size_t>(n) + 1);
  for (Index i = 0; i < n; ++i)
    p.begin[static_cast<std::size_t>(i) + 1] = part.last(i) - part.first(i);
  for (std::size_t k = 0; k < nodes.size(); ++k)
    p.begin[static_cast<std::size_t>(nodes[k]) + 1] = static_cast<Index>(shared[k].size());
  accumulate_counts(p.begin);
  p.allocate();
  const auto take_step = [&](Index i, Index entry, Index column, const auto* sum) {
    const T* const d = inverse.data() + static_cast<std::size_t>(i) * b * b;
    const Index own = tentative.first(i);
    const T* const t =
        own < tentative.last(i) && tentative.column(own) == column ? tentative.block(own) : nullptr;
    for (std::size_t r = 0; r < b; ++r)
      for (std::size_t m = 0; m < kModes; ++m) {
        double value = 0;
        for (std::size_t j = 0; j < b; ++j)
          value += static_cast<double>(d[r * b + j]) * static_cast<double>(sum[j * kModes + m]);
        value *= -step;
        if (t != nullptr) value += static_cast<double>(t[r * kModes + m]);
        p.block(entry)[r * kModes + m] = static_cast<T>(value);
      }
  };
#pragma omp parallel
  {
    std::vector<std::pair<Index, Index>> order;  // new column, entry of `part` or old column
#pragma omp for schedule(static)
    for (Index i = 0; i < n; ++i) {
      const std::size_t k = rows.halo->place(i);
      const bool is_shared = k < nodes.size() && nodes[k] == i;
      order.clear();
      if (is_shared) {
        for (const auto& [column, sum] : shared[k])
          order.emplace_back(place[static_cast<std::size_t>(column)], column);
      } else {
        for (Index e = part.first(i); e < part.last(i); ++e)
          order.emplace_back(place[static_cast<std::size_t>(part.column(e))], e);
      }
      std::sort(order.begin(), order.end());
      Index entry = p.first(i);
      for (const auto& [column, from] : order) {
        p.columns[static_cast<std::size_t>(entry)] = column;
        if (is_shared)
          take_step(i, entry++, from, shared[k].at(from).data());
        else
          take_step(i, entry++, part.column(from), part.block(from));
      }
    }
  }
  return p;
}

/// The same matrix without the entries of some rows.
template <class T>
BlockCsr<T> without_rows(const BlockCsr<T>& a, const std::vector<char>& left_out) {
  BlockCsr<T> out;
  out.block_rows = a.block_rows;
  out.block_columns = a.block_columns;
  out.n_columns = a.n_columns;
  out.begin = Array<Index>(a.begin.size());
  for (Index i = 0; i < a.n_rows(); ++i)
    out.begin[static_cast<std::size_t>(i) + 1] =
        left_out[static_cast<std::size_t>(i)] ? 0 : a.last(i) - a.first(i);
  accumulate_counts(out.begin);
  out.allocate();
  for (Index i = 0; i < a.n_rows(); ++i) {
    if (left_out[static_cast<std::size_t>(i)]) continue;
    const auto count = static_cast<std::size_t>(a.last(i) - a.first(i));
    std::copy_n(a.columns.data() + a.first(i), count, out.columns.data() + out.first(i));
    std::copy_n(a.block(a.first(i)), count * a.per_block(), out.block(out.first(i)));
  }
  return out;
}

/// Modes of the rows that this rank made, [own][6][6] → of all that it knows.
inline std::vector<double> known_modes(const std::vector<double>& own, RowNumber first,
                                       const SharedRows& rows) {
  constexpr std::size_t kPer = kModes * kModes;
  const auto made = static_cast<RowNumber>(own.size() / kPer);
  std::vector<double> modes(rows.numbers.size() * kPer, 0.0);
  for (std::size_t k = 0; k < rows.numbers.size(); ++k) {
    const RowNumber place = rows.numbers[k] - first;
    if (place >= 0 && place < made)
      std::copy_n(own.data() + static_cast<std::size_t>(place) * kPer, kPer,
                  modes.data() + k * kPer);
  }
  SharedNodes<Cpu>(rows.halo).sum(kPer, modes.data());  // others have zero there
  return modes;
}

}  // namespace femcrust

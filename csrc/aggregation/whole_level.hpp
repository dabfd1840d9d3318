/// A level whose parts come together on every rank: below it all ranks work alike.
#pragma once
#include <map>
#include <utility>
#include <vector>

#include "aggregation/block_csr.hpp"
#include "aggregation/shared_rows.hpp"

namespace femcrust {

/// The sum of the parts of a matrix, its rows by their numbers; the same bits on every rank.
template <class T>
BlockCsr<T> whole_matrix(const BlockCsr<T>& part, const SharedRows& rows) {
  const std::size_t per = part.per_block();
  Packer message;
  for (Index i = 0; i < part.n_rows(); ++i) {
    message.put(rows.numbers[static_cast<std::size_t>(i)]);
    message.put(part.last(i) - part.first(i));
    for (Index e = part.first(i); e < part.last(i); ++e) {
      message.put(rows.numbers[static_cast<std::size_t>(part.column(e))]);
      message.put(part.block(e), per);
    }
  }
  const std::vector<std::string> came = rows.comm().swap(
      std::vector<std::string>(static_cast<std::size_t>(rows.comm().size()), message.bytes()));
  std::map<std::pair<RowNumber, RowNumber>, std::vector<double>> sums;
  std::vector<T> block(per);
  for (const std::string& bytes : came)
    for (Unpacker from(bytes); !from.done();) {
      const auto row = from.take<RowNumber>();
      for (Index left = from.take<Index>(); left > 0; --left) {
        const auto column = from.take<RowNumber>();
        from.take(block.data(), per);
        std::vector<double>& sum = sums[{row, column}];
        sum.resize(per, 0.0);
        for (std::size_t c = 0; c < per; ++c) sum[c] += static_cast<double>(block[c]);
      }
    }
  BlockCsr<T> out;
  out.block_rows = part.block_rows;
  out.block_columns = part.block_columns;
  out.n_columns = static_cast<Index>(rows.total);
  out.begin = Array<Index>(static_cast<std::size_t>(rows.total) + 1);
  for (const auto& [at, sum] : sums) ++out.begin[static_cast<std::size_t>(at.first) + 1];
  accumulate_counts(out.begin);
  out.allocate();
  Index entry = 0;
  for (const auto& [at, sum] : sums) {
    out.columns[static_cast<std::size_t>(entry)] = static_cast<Index>(at.second);
    for (std::size_t c = 0; c < per; ++c) out.block(entry)[c] = static_cast<T>(sum[c]);
    ++entry;
  }
  return out;
}

/// Values of rows, [rows][per] → of all rows by their numbers.
inline std::vector<double> whole_values(const std::vector<double>& known, std::size_t per,
                                        const SharedRows& rows) {
  std::vector<double> out(static_cast<std::size_t>(rows.total) * per, 0.0);
  const std::vector<char> ghost = rows.is_ghost();
  for (std::size_t i = 0; i < ghost.size(); ++i)
    if (!ghost[i])
      std::copy_n(known.data() + i * per, per,
                  out.data() + static_cast<std::size_t>(rows.numbers[i]) * per);
  rows.comm().sum(out.data(), out.size());
  return out;
}

}  // namespace femcrust

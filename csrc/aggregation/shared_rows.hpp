/// Rows of a level that ranks share. Each rank numbers the rows that it knows; the number of a row
/// over all ranks says where it is the same.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "comm/bytes.hpp"
#include "comm/halo.hpp"

namespace femcrust {

using RowNumber = std::int64_t;  // over all ranks

struct SharedRows {
  std::shared_ptr<const Halo> halo;
  std::vector<RowNumber> numbers;  // of each row that this rank knows
  RowNumber total = 0;             // rows of all ranks

  const Comm& comm() const { return halo->comm(); }
  Index size() const { return static_cast<Index>(numbers.size()); }
  std::vector<char> is_ghost() const {
    std::vector<char> mask(numbers.size(), 0);
    for (const Index row : halo->ghosts()) mask[static_cast<std::size_t>(row)] = 1;
    return mask;
  }
};

/// The first number of each rank's things, of which this one has `own`; the last entry is their
/// number in all.
inline std::vector<RowNumber> first_numbers(const Comm& comm, std::size_t own) {
  std::vector<double> counts(static_cast<std::size_t>(comm.size()), 0.0);
  counts[static_cast<std::size_t>(comm.rank())] = static_cast<double>(own);
  comm.sum(counts.data(), counts.size());
  std::vector<RowNumber> first{0};
  for (const double count : counts) first.push_back(first.back() + static_cast<RowNumber>(count));
  return first;
}

/// The finest level: n rows with the halo of their nodes.
inline SharedRows shared_rows(std::shared_ptr<const Halo> halo, Index n) {
  SharedRows out{std::move(halo), std::vector<RowNumber>(static_cast<std::size_t>(n), 0), 0};
  const std::vector<char> ghost = out.is_ghost();
  const std::vector<RowNumber> first =
      first_numbers(out.comm(), ghost.size() - out.halo->ghosts().size());
  out.total = first.back();
  RowNumber next = first[static_cast<std::size_t>(out.comm().rank())];
  for (std::size_t row = 0; row < ghost.size(); ++row)
    if (!ghost[row]) out.numbers[row] = next++;
  const std::vector<Index>& shared = out.halo->nodes();
  std::vector<double> table(shared.size());  // whole numbers below 2⁵³; a ghost's is zero here
  for (std::size_t k = 0; k < shared.size(); ++k)
    table[k] = static_cast<double>(out.numbers[static_cast<std::size_t>(shared[k])]);
  out.halo->sum(1, table.data());
  for (std::size_t k = 0; k < shared.size(); ++k)
    out.numbers[static_cast<std::size_t>(shared[k])] = static_cast<RowNumber>(table[k]);
  return out;
}

/// The rows that this rank has made and those of others that it uses, by their numbers, ascending;
/// who else uses each is found by asking its maker.  first: of first_numbers
inline SharedRows shared_rows(const std::shared_ptr<const Comm>& comm,
                              const std::vector<RowNumber>& first, std::vector<RowNumber> numbers) {
  const auto n_ranks = static_cast<std::size_t>(comm->size());
  const auto me = static_cast<std::size_t>(comm->rank());
  SharedRows out;
  out.total = first[n_ranks];
  out.numbers = std::move(numbers);
  const auto place = [&](RowNumber number) {
    return static_cast<Index>(std::lower_bound(out.numbers.begin(), out.numbers.end(), number) -
                              out.numbers.begin());
  };

  std::vector<Packer> asked(n_ranks);
  std::vector<std::string> bytes(n_ranks);
  const auto swapped = [&](std::vector<Packer>& packers) {
    for (std::size_t r = 0; r < n_ranks; ++r) bytes[r] = packers[r].bytes();
    packers.assign(n_ranks, {});
    return comm->swap(bytes);
  };
  for (const RowNumber number : out.numbers) {
    if (number >= first[me] && number < first[me + 1]) continue;
    const auto maker = static_cast<std::size_t>(
        std::upper_bound(first.begin(), first.end(), number) - first.begin() - 1);
    asked[maker].put(number);
  }
  std::map<RowNumber, std::vector<int>> users;  // of own rows: other ranks, ascending
  {
    const std::vector<std::string> came = swapped(asked);
    for (std::size_t r = 0; r < n_ranks; ++r)
      for (Unpacker from(came[r]); !from.done();) {
        const auto number = from.take<RowNumber>();
        require(number >= first[me] && number < first[me + 1],
                "a rank asks another for a row that is not its own");
        users[number].push_back(static_cast<int>(r));
      }
  }
  std::map<int, std::map<RowNumber, Index>> meetings;  // by rank: rows that both use
  for (const auto& [number, ranks] : users)
    for (const int rank : ranks) {
      meetings[rank][number] = place(number);
      asked[static_cast<std::size_t>(rank)].put(number);
      asked[static_cast<std::size_t>(rank)].put(static_cast<Index>(ranks.size()));
      asked[static_cast<std::size_t>(rank)].put(ranks.data(), ranks.size());
    }
  const std::vector<std::string> came = swapped(asked);
  for (std::size_t r = 0; r < n_ranks; ++r)
    for (Unpacker from(came[r]); !from.done();) {
      const auto number = from.take<RowNumber>();
      const Index row = place(number);
      std::vector<int> ranks(static_cast<std::size_t>(from.take<Index>()));
      from.take(ranks.data(), ranks.size());
      meetings[static_cast<int>(r)][number] = row;
      for (const int rank : ranks)
        if (rank != comm->rank()) meetings[rank][number] = row;
    }
  std::vector<Neighbour> neighbours;
  for (const auto& [rank, rows] : meetings) {
    neighbours.push_back({rank, {}});
    for (const auto& [number, row] : rows) neighbours.back().nodes.push_back(row);
  }
  out.halo = std::make_shared<const Halo>(comm, std::move(neighbours));
  return out;
}

}  // namespace femcrust

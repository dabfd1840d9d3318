/// aggregates.hpp on a device: instead of row after row, rows that no coupling or two join decide
/// at once [BellDaltonOlson12].
///
/// Roots are a maximal set of rows that lie three couplings apart, as those of the first pass on
/// the host are; a root takes its neighbours, the rest joins a neighbour's aggregate. Runs of 64
/// rows decide in their order, like the host, and the runs in a random order that is always the
/// same: aggregates are as compact, after some 30 to 60 rounds.
#pragma once
#include "aggregation/aggregate_kernels.hpp"
#include "aggregation/device_csr.hpp"
#include "operators/diagonal_blocks_cuda.hpp"

namespace femcrust {

struct DeviceAggregates {
  Index count = 0;
  DeviceArray<Index> of;  // [n_rows] aggregate of each row, or -1
  int rounds = 0;
};

template <class T>
DeviceAggregates aggregated(const DeviceCsr<T>& a, double theta) {
  const AggregateKernels& kernels = FEMCRUST_FOR_THIS_DEVICE(aggregate_kernels);
  const Index n = a.n_rows();
  const auto rows = static_cast<std::size_t>(n);
  DeviceArray<std::uint8_t> strong(a.columns.size());
  {
    DeviceArray<double> sizes(rows);
    in_precision<T>(kernels).strong_couplings(a.view(), n, a.block_rows, theta, sizes.data(),
                                              strong.data());
  }
  const StrongGraph graph{n, a.begin.data(), a.columns.data(), strong.data()};
  DeviceArray<RowKey> keys(rows), near(rows);
  DeviceAggregates out;
  kernels.start(graph, keys.data());
  do ++out.rounds;
  while (kernels.decide(graph, keys.data(), near.data()));
  DeviceArray<Index> numbers(rows + 1), first(rows);
  kernels.mark_roots(n, keys.data(), numbers.data());
  out.count = accumulate_counts(numbers);
  out.of = DeviceArray<Index>(rows);
  kernels.join(graph, keys.data(), numbers.data(), first.data(), out.of.data());
  return out;
}

}  // namespace femcrust

/// Rows into aggregates on a device; see device_aggregates.hpp.
#pragma once
#include "backends/vector_kernels.hpp"

namespace femcrust {

template <class T>
struct AggregateTable {
  /// strong[entry]: whether it is a strong coupling of two different rows (strength.hpp). size: [n]
  void (*strong_couplings)(const BlockRows<T>& a, Index n, int block, double theta, double* size,
                           std::uint8_t* strong);
};

/// The graph of strong couplings.
struct StrongGraph {
  Index n;
  const Index *begin, *columns;
  const std::uint8_t* strong;  // [begin[n]]
};

using RowKey = unsigned long long;

struct AggregateKernels {
  AggregateTable<float> single;
  AggregateTable<double> twofold;
  /// Keys to start from: rows without a strong coupling are out.
  void (*start)(const StrongGraph& graph, RowKey* keys);
  /// One round: the row with the largest key within two couplings becomes a root, rows within two
  /// couplings of a root are out. Returns whether some row is still undecided. near: [n]
  bool (*decide)(const StrongGraph& graph, RowKey* keys, RowKey* near);
  /// numbers[i + 1] = 1 where row i is a root, else 0; numbers[0] = 0.
  void (*mark_roots)(Index n, const RowKey* keys, Index* numbers);
  /// Roots and their neighbours, then rows with a neighbour of these. numbers: roots before a row;
  /// first, of: [n] aggregate of each row, or -1
  void (*join)(const StrongGraph& graph, const RowKey* keys, const Index* numbers, Index* first,
               Index* of);
};

namespace cuda {
extern const AggregateKernels aggregate_kernels;
}
namespace emulated {
extern const AggregateKernels aggregate_kernels;
}

}  // namespace femcrust

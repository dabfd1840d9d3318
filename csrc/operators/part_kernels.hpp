/// Rows that ranks share, on a device: into messages, and sums of what came in messages.
///
/// In a message are numbers, whatever format the vector has: rows of `per` of them, three where the
/// format packs them.
#pragma once
#include "core/formats.hpp"
#include "core/types.hpp"

namespace femcrust {

/// Of each shared row its parts, in the order of the ranks: parts[begin[k]] … parts[begin[k + 1]]
/// are places in what came, or -1 for the vector's own.
struct RowParts {
  Index n;
  const Index* rows;
  const Index* begin;
  const Index* parts;
};

template <class F>
struct PartTable {
  using Word = typename F::Word;
  using Real = typename F::Real;
  /// table[k] = from[rows[k]]
  void (*gather)(Index n, const Index* rows, std::size_t per, const Word* from, Real* table);
  /// y[row] = the sum of its parts, each rounded once more when it is stored
  void (*add)(const RowParts& parts, std::size_t per, const Real* came, Word* y);
};

struct PartKernels {
  PartTable<Fp64> fp64;
  PartTable<Fp32> fp32;
  PartTable<Fp21> fp21;
  PartTable<Shared18> shared18;
  PartTable<Bf16> bf16;
  PartTable<Fp16> fp16;

  const PartTable<Fp64>& of(Fp64) const { return fp64; }
  const PartTable<Fp32>& of(Fp32) const { return fp32; }
  const PartTable<Fp21>& of(Fp21) const { return fp21; }
  const PartTable<Shared18>& of(Shared18) const { return shared18; }
  const PartTable<Bf16>& of(Bf16) const { return bf16; }
  const PartTable<Fp16>& of(Fp16) const { return fp16; }
};

namespace cuda {
extern const PartKernels part_kernels;
}
namespace emulated {
extern const PartKernels part_kernels;
}

}  // namespace femcrust

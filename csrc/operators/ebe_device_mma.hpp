/// The element product in float on Tensor Cores, for 8 and 16 columns: the nine differences of an
/// element's values from its first node, in one direction, become nine modes of the displacement
/// gradient by a constant matrix, and nine tractions become ten forces by its transpose; gradients
/// and stress are made in float between. Layout, sums and faces are those of ebe_device.hpp.
///
/// The matrix has entries 0, ±1, −2, exact in FP16. Its factors are scaled by a power of two for
/// each element, column and direction and split in FP16 numbers: one (11 bits), or two whose sum
/// has 22. Sums are in float.
///
/// Three such recastings were counted, for 16 columns on an H200; numbers an element and column:
/// bytes of device memory and their bound, 1e9 unknowns × columns a second, then instructions
/// (plain and (a) read off the machine code, 360 of each for sums at nodes) and theirs, as in
/// ebe_device.hpp.
///                                  bytes  bound   instructions  bound
///   plain                             84    233            900    152
///   (a) constant matrix, one number   84    233          1 490     92
///                        two          84    233          1 750     78
///   (b) one K_e for like elements     84    233            660    207
///   (c) K_e of each element          142    138            660    207
/// (a) is what this file declares. It takes 96 additions an element from 542 instructions and adds
/// the scaling, rounding and exchange of 57 numbers, so that it cannot win but where waiting bounds
/// the plain product. (b), K_e 32×32 with padding and all elements congruent to it, would win by a
/// third in an octree of cubes of one Poisson's ratio, which ground, faults and layers break; (c)
/// keeps 930 bytes for every element and loses by them.
#pragma once
#include "operators/ebe_device.hpp"

namespace femcrust {

/// As DeviceEbeTable::product, by FP16 numbers in a factor, then width.
struct DeviceMmaKernels {
  static constexpr int kFirstWidth = 2;  // slot of the first width that is served
  DeviceProduct<Fp32> product[2][2];     // [1 or 2 numbers][8 or 16 columns]
};

namespace cuda {
extern const DeviceMmaKernels ebe_mma_kernels;
}
namespace emulated {
extern const DeviceMmaKernels ebe_mma_kernels;
}

}  // namespace femcrust

/// Fixed random numbers between −½ and ½, the same to the bit on every backend: xorshift with
/// shifts of 13, 17 and 5, one step a number.
///
/// A step is linear over bits, x → A x; so a device makes the numbers from place m on from those
/// before by A^m, twice as many with each launch.
#pragma once
#include "backends/cpu.hpp"
#include "backends/cuda.hpp"
#include "backends/random_kernels.hpp"

namespace femcrust {

template <class T>
void fill_random(const Cpu&, Array<T>& values) {
  std::uint32_t state = kRandomSeed;
  for (T& value : values) value = static_cast<T>(random_value(state = random_step(state)));
}

template <class T>
void fill_random(const Cuda&, DeviceArray<T>& values) {
  const std::size_t n = values.size();
  if (n == 0) return;
  const RandomKernels& kernels = FEMCRUST_FOR_THIS_DEVICE(random_kernels);
  DeviceArray<std::uint32_t> states(n);
  const std::uint32_t first = random_step(kRandomSeed);
  Cuda::runtime().copy_in(states.data(), &first, sizeof first);
  BitMatrix power;
  for (int b = 0; b < 32; ++b) power.column[b] = random_step(1U << b);
  for (std::size_t m = 1; m < n; m *= 2) {
    kernels.advance(power, m, std::min(m, n - m), states.data());
    BitMatrix square;
    for (int b = 0; b < 32; ++b) square.column[b] = power(power.column[b]);
    power = square;
  }
  if constexpr (sizeof(T) == sizeof(float))
    kernels.to_single(n, states.data(), values.data());
  else
    kernels.to_double(n, states.data(), values.data());
}

}  // namespace femcrust

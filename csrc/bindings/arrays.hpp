/// NumPy arrays in and out: contiguous, of the right shape, or an error that names the argument.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"

namespace femcrust {

namespace py = pybind11;

template <class T>
using Dense = py::array_t<T, py::array::c_style | py::array::forcecast>;

/// -1 in `shape` lets that dimension be anything.
template <class T>
void require_shape(const Dense<T>& a, const std::vector<py::ssize_t>& shape, const char* name) {
  bool fits = a.ndim() == static_cast<py::ssize_t>(shape.size());
  py::ssize_t d = 0;
  for (const py::ssize_t wanted : shape) {
    fits = fits && (wanted < 0 || a.shape(d) == wanted);
    ++d;
  }
  require(fits, std::string(name) + ": wrong shape");
}

/// Whether all are numbers 0 … n - 1.
inline bool all_inside(const Dense<Index>& numbers, py::ssize_t n) {
  const Index* const of = numbers.data();
  const py::ssize_t count = numbers.size();
  std::int64_t outside = 0;
#pragma omp parallel for schedule(static) reduction(+ : outside)
  for (py::ssize_t k = 0; k < count; ++k) outside += of[k] < 0 || of[k] >= n;
  return outside == 0;
}

template <class T>
std::vector<T> to_vector(const Dense<T>& a) {
  return {a.data(), a.data() + a.size()};
}

template <class T>
Array<T> to_array(const Dense<T>& a) {
  Array<T> out(static_cast<std::size_t>(a.size()));
  std::copy(a.data(), a.data() + a.size(), out.data());
  return out;
}

/// On a backend, and back.
template <class B, class T>
auto sent(const Dense<T>& a) {
  typename B::template Array<T> out;
  B::copy_in(a.data(), static_cast<std::size_t>(a.size()), out);
  return out;
}
template <class B, class A>
auto fetched(const A& a, std::vector<py::ssize_t> shape) {
  py::array_t<std::remove_cvref_t<decltype(*a.data())>> out(std::move(shape));
  B::copy_out(a, out.mutable_data());
  return out;
}

template <class T, class Range>
py::array_t<T> to_numpy(const Range& values, std::vector<py::ssize_t> shape) {
  py::array_t<T> out(std::move(shape));
  std::copy(values.begin(), values.end(), out.mutable_data());
  return out;
}

/// The same without a copy: NumPy frees it.
template <class Range>
auto handed_to_numpy(Range values, std::vector<py::ssize_t> shape) {
  using T = std::remove_cvref_t<decltype(*values.data())>;
  auto* const owner = new Range(std::move(values));
  const py::capsule frees(owner, [](void* p) { delete static_cast<Range*>(p); });
  return py::array_t<T>(std::move(shape), owner->data(), frees);
}

}  // namespace femcrust

/// Pieces of the core that only tests reach: the storage formats by name, the devices' small
/// kernels.
#pragma once
#include <new>
#include <stdexcept>

#include "backends/cpu.hpp"
#include "bindings/arrays.hpp"
#include "bindings/device_testing.hpp"
#include "core/format_kernels.hpp"

namespace femcrust {

inline const FormatKernels& format_named(const std::string& name) {
  const FormatKernels* const all = FEMCRUST_FOR_THIS_CPU(format_kernels);
  const auto* const found = std::find_if(
      all, all + kFormats, [&](const FormatKernels& format) { return name == format.name; });
  require(found != all + kFormats, "format: '" + name + "' is unknown");
  return *found;
}

inline py::dtype type_of(char kind, std::size_t bytes) {
  return py::dtype(kind + std::to_string(bytes));
}

/// Words of each node, one row each; `values` are cast to the type of the format's arithmetic.
inline py::array words_of(const std::string& name, const py::array& values) {
  const FormatKernels& format = format_named(name);
  require(values.ndim() == 2 && values.shape(1) == 3, "values: wrong shape");
  const bool plain = format.word_bytes == format.real_bytes;
  const py::array reals = py::module_::import("numpy").attr("ascontiguousarray")(
      values, type_of('f', format.real_bytes));
  const auto n = static_cast<std::size_t>(values.shape(0));
  py::array words(type_of(plain ? 'f' : 'u', format.word_bytes), {n, format.words});
  format.store(n, reals.data(), words.mutable_data());
  return words;
}

/// [n][3] in the type of the format's arithmetic.
inline py::array values_of(const std::string& name, const py::array& words) {
  const FormatKernels& format = format_named(name);
  require(words.ndim() == 2 && (words.flags() & py::array::c_style) != 0 &&
              static_cast<std::size_t>(words.shape(1)) == format.words &&
              static_cast<std::size_t>(words.itemsize()) == format.word_bytes,
          "words: wrong shape or type");
  const auto n = static_cast<std::size_t>(words.shape(0));
  py::array values(type_of('f', format.real_bytes), {n, std::size_t{3}});
  format.load(n, words.data(), values.mutable_data());
  return values;
}

inline void bind_testing(py::module_& m) {
  m.def("words", words_of, py::arg("format"), py::arg("values"));
  m.def("values", values_of, py::arg("format"), py::arg("words"));
  m.def("stored", [](const std::string& format, const py::array& values) {
    return values_of(format, words_of(format, values));
  });
  py::dict formats;
  for (int k = 0; k < kFormats; ++k) {
    const FormatKernels& f = FEMCRUST_FOR_THIS_CPU(format_kernels)[k];
    formats[f.name] = py::make_tuple(f.roundoff, f.largest, f.smallest_normal);
  }
  m.attr("formats") = formats;
  bind_device_testing(m);
  m.def("fail_in_a_thread", [](bool for_memory) {
#pragma omp parallel
    {
      if (for_memory) throw std::bad_alloc();
      throw std::runtime_error("a thread has failed");
    }
  });
}

}  // namespace femcrust

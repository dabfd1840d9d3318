/// Exceptions of the core. Python maps each to the class of the same name in femcrust/errors.py.
#pragma once
#include <stdexcept>
#include <string>

namespace femcrust {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An argument that no correct caller passes; Python sees ValueError.
struct ArgumentError : Error {
  using Error::Error;
};

/// A device, or the runtime that drives it, refused; Python sees RuntimeError.
struct DeviceError : Error {
  using Error::Error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw ArgumentError(what);
}

}  // namespace femcrust

/// What the core counts of itself, so that tests can hold it to what it promises.
#pragma once
#include <atomic>
#include <cstdint>

namespace femcrust {

/// Arrays allocated since the module was loaded.
inline std::atomic<std::int64_t> allocations{0};

}  // namespace femcrust

/// The qualifier of functions that run on the host and on a device; empty for a C++ compiler.
/// This is the only file that asks which compiler reads it.
#pragma once

#ifdef __CUDACC__
#define FEMCRUST_HD __host__ __device__
#else
#define FEMCRUST_HD
#endif

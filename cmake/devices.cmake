# Kernels of devices: the same .cu files once for CUDA by nvcc, and once for the host that emulates
# a device, by the C++ compiler. Each makes a static library that the module links; neither needs a
# driver to be built or imported.

set(FEMCRUST_CUDA AUTO CACHE STRING "kernels for CUDA: ON, OFF, or AUTO (where nvcc is found)")
set_property(CACHE FEMCRUST_CUDA PROPERTY STRINGS AUTO ON OFF)
option(FEMCRUST_EMULATE "the same kernels on the host, slowly, for tests" OFF)

set(FEMCRUST_DEVICE_SOURCES
    csrc/aggregation/aggregates.cu
    csrc/aggregation/level_kernels.cu
    csrc/aggregation/linear_level.cu
    csrc/aggregation/row_product.cu
    csrc/aggregation/tentative.cu
    csrc/backends/device_graphs.cu
    csrc/backends/device_lists.cu
    csrc/backends/device/self_test.cu
    csrc/backends/device/self_test_mma.cu
    csrc/backends/device_runtime.cu
    csrc/backends/device_times.cu
    csrc/backends/random_values.cu
    csrc/backends/row_kernels.cu
    csrc/backends/vector_kernels.cu
    csrc/operators/diagonal_blocks.cu
    csrc/operators/ebe_device.cu
    csrc/operators/ebe_device_fp32.cu
    csrc/operators/ebe_device_fp64.cu
    csrc/operators/ebe_device_mma.cu
    csrc/operators/ebe_device_packed.cu
    csrc/operators/element_sums.cu
    csrc/operators/level_packing.cu
    csrc/operators/level_product.cu
    csrc/operators/nodal_kernels.cu
    csrc/operators/part_kernels.cu
    csrc/operators/vertex_fields_device.cu
    csrc/preconditioners/cluster_kernels.cu
    csrc/preconditioners/small_cluster_kernels.cu
    csrc/preconditioners/small_cluster_mma.cu
    csrc/timestepping/flow.cu)

set(FEMCRUST_HAS_CUDA ${FEMCRUST_CUDA})
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90) # Ampere; Hopper, and code that later devices translate
endif()
if(FEMCRUST_CUDA STREQUAL AUTO)
  find_program(FEMCRUST_NVCC nvcc HINTS $ENV{CUDA_PATH}/bin)
  if(FEMCRUST_NVCC OR DEFINED ENV{CUDACXX}) # looked for first: the check itself takes seconds
    include(CheckLanguage)
    check_language(CUDA)
  endif()
  set(FEMCRUST_HAS_CUDA ${CMAKE_CUDA_COMPILER})
endif()

if(FEMCRUST_HAS_CUDA)
  enable_language(CUDA)
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.0)
    message(FATAL_ERROR "nvcc ${CMAKE_CUDA_COMPILER_VERSION} has no C++20; take 12.0 or newer, or "
                        "-DFEMCRUST_CUDA=OFF")
  endif()
  add_library(device_cuda STATIC ${FEMCRUST_DEVICE_SOURCES})
  target_include_directories(device_cuda PRIVATE csrc)
  target_compile_options(device_cuda PRIVATE --expt-relaxed-constexpr
                                             -Xcompiler=-Wall,-Wextra,-fvisibility=hidden)
  if(CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set_property(TARGET device_cuda PROPERTY CUDA_STANDARD 20)
  else() # an old CMake, which does not know that nvcc has it
    set_property(TARGET device_cuda PROPERTY CUDA_STANDARD 17)
    target_compile_options(device_cuda PRIVATE -std=c++20)
  endif()
  if(FEMCRUST_WERROR)
    target_compile_options(device_cuda PRIVATE -Werror all-warnings -Xptxas -v)
  endif()
  set_target_properties(device_cuda PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  set_target_properties(_core PROPERTIES CUDA_RUNTIME_LIBRARY Static)
  target_link_libraries(_core PRIVATE device_cuda)
  target_compile_definitions(_core PRIVATE FEMCRUST_HAS_CUDA)
endif()

if(FEMCRUST_EMULATE)
  file(GLOB FEMCRUST_EMULATOR CONFIGURE_DEPENDS csrc/backends/device/emulator/*.cpp)
  set(FEMCRUST_EMULATED "")
  foreach(source IN LISTS FEMCRUST_DEVICE_SOURCES)
    string(REGEX REPLACE "^csrc/" "" name ${source})
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/emulated/${name}.cpp)
    file(CONFIGURE OUTPUT ${generated} CONTENT "#include \"${name}\"\n")
    list(APPEND FEMCRUST_EMULATED ${generated})
  endforeach()
  add_library(emulator STATIC ${FEMCRUST_EMULATOR})
  add_library(device_emulated STATIC ${FEMCRUST_EMULATED})
  foreach(target emulator device_emulated)
    target_include_directories(${target} PRIVATE csrc)
    target_compile_options(${target} PRIVATE -O2 -fvisibility=hidden -Wno-unknown-pragmas)
    target_link_libraries(${target} PRIVATE femcrust_warnings)
  endforeach()
  target_compile_options(device_emulated PRIVATE -fdata-sections) # for shared.ld
  set(FEMCRUST_SHARED_SCRIPT ${CMAKE_CURRENT_SOURCE_DIR}/csrc/backends/device/emulator/shared.ld)
  target_link_options(_core PRIVATE -Wl,-T,${FEMCRUST_SHARED_SCRIPT})
  set_property(TARGET _core APPEND PROPERTY LINK_DEPENDS ${FEMCRUST_SHARED_SCRIPT})
  target_link_libraries(_core PRIVATE device_emulated emulator)
  target_compile_definitions(_core PRIVATE FEMCRUST_HAS_EMULATOR)
endif()

if(FEMCRUST_HAS_CUDA OR FEMCRUST_EMULATE)
  target_sources(_core PRIVATE csrc/bindings/cuda.cpp)
endif()

if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/perf/kernels/CMakeLists.txt) # not in a source distribution
  add_subdirectory(perf/kernels EXCLUDE_FROM_ALL)
endif()

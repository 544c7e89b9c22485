# The torch wheel as plain imported libraries. The wheel's own CMake package is not used: it insists on a
# whole CUDA toolkit, which a CPU build does not need.
set(SD_WORKER_VENV "${CMAKE_SOURCE_DIR}/build/venv" CACHE PATH "Virtual environment that holds the torch wheel")

file(GLOB torch_root "${SD_WORKER_VENV}/lib/python3*/site-packages/torch")
if(NOT torch_root)
  message(FATAL_ERROR "No torch wheel in ${SD_WORKER_VENV}. Run `make deps` first.")
endif()

add_library(torch INTERFACE)
# After the system's own folders: the wheel carries a copy of fmt that must not shadow the one we link.
target_compile_options(torch INTERFACE "SHELL:-idirafter ${torch_root}/include")
# at::parallel_for is a template: without OpenMP here it runs everything on the calling thread. The wheel's
# own runtime is linked, so that there is one pool of threads.
target_compile_options(torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
target_link_libraries(torch INTERFACE "${torch_root}/lib/libgomp.so.1")
# Operators on tensors without the declarations of every op there is.
target_compile_definitions(torch INTERFACE AT_PER_OPERATOR_HEADERS)
target_link_directories(torch INTERFACE "${torch_root}/lib")
# libtorch_cpu.so finds libcudart and libcupti by its own run path; the linker need not resolve them.
target_link_libraries(torch INTERFACE torch_cpu c10 "-Wl,--allow-shlib-undefined")
if(SD_WORKER_CUDA)
  target_link_libraries(torch INTERFACE "-Wl,--no-as-needed" torch_cuda c10_cuda "-Wl,--as-needed")
endif()
set(CMAKE_BUILD_RPATH "${torch_root}/lib")

# The headers that most users of tensors read, precompiled once for each set of flags (Rooms.cmake).
if(SD_WORKER_PCH)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/tensor_headers.cpp" CONTENT "")
  foreach(name sdw_tensor_headers sdw_tensor_headers_quick)
    add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/tensor_headers.cpp")
    target_link_libraries(${name} PRIVATE torch sdw_warnings nlohmann_json::nlohmann_json fmt::fmt)
    target_precompile_headers(${name} PRIVATE
      <ATen/core/Tensor.h> <ATen/TensorOperators.h> <nlohmann/json.hpp> <fmt/format.h>
      <algorithm> <filesystem> <map> <memory> <optional> <span> <string> <vector>)
  endforeach()
  target_link_libraries(sdw_tensor_headers_quick PRIVATE sdw_quick_build)
endif()

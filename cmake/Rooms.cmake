# Files of the target find the headers of tensors precompiled (Torch.cmake); HEADERS names the set with the target's
# optimization flags. Executables take -fPIC as libraries do, because precompiled headers hold for one of both.
function(sdw_use_tensor_headers target headers)
  if(SD_WORKER_PCH)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
    target_precompile_headers(${target} REUSE_FROM ${headers})
  endif()
endfunction()

# A room is a folder of src/ and a static library sdw_<room>; its LINKS say which lower rooms it uses.
# QUICK_BUILD: code that is never hot compiles faster with fewer optimizations.
# TENSORS: most files of the room use tensors, so their headers are parsed once for all of them.
function(sdw_room room)
  cmake_parse_arguments(ARG "QUICK_BUILD;TENSORS" "" "SOURCES;LINKS" ${ARGN})
  add_library(sdw_${room} STATIC ${ARG_SOURCES})
  target_include_directories(sdw_${room} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(sdw_${room} PUBLIC ${ARG_LINKS} PRIVATE sdw_warnings)
  if(ARG_QUICK_BUILD)
    target_link_libraries(sdw_${room} PRIVATE sdw_quick_build)
  endif()
  if(ARG_TENSORS AND ARG_QUICK_BUILD)
    sdw_use_tensor_headers(sdw_${room} sdw_tensor_headers_quick)
  elseif(ARG_TENSORS)
    sdw_use_tensor_headers(sdw_${room} sdw_tensor_headers)
  endif()
endfunction()

# Unit tests of one room: an executable test_<room>, run by ctest.
function(sdw_unit_test room)
  cmake_parse_arguments(ARG "TENSORS" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${room} ${ARG_SOURCES})
  target_include_directories(test_${room} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(test_${room} PRIVATE ${ARG_LINKS} sdw_warnings sdw_quick_build GTest::gtest_main GTest::gmock)
  set_target_properties(test_${room} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(ARG_TENSORS)
    sdw_use_tensor_headers(test_${room} sdw_tensor_headers_quick)
  endif()
  add_test(NAME ${room} COMMAND test_${room})
endfunction()

# A small program that runs one piece on tensors from a file, so that pytest can hold it against the reference.
function(sdw_probe name)
  cmake_parse_arguments(ARG "TENSORS" "" "SOURCES;LINKS" ${ARGN})
  add_executable(probe_${name} ${ARG_SOURCES})
  target_include_directories(probe_${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(probe_${name} PRIVATE ${ARG_LINKS} sdw_warnings sdw_quick_build)
  set_target_properties(probe_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  if(ARG_TENSORS)
    sdw_use_tensor_headers(probe_${name} sdw_tensor_headers_quick)
  endif()
endfunction()

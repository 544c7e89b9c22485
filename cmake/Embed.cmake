# sdw_embed(ROOM FOLDER): puts every file under FOLDER into the room's library as object data, found again through
# sdw::ROOM::embedded_assets(). The bytes are taken in by the assembler, so no source file holds them.
enable_language(ASM)

function(sdw_embed room folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${folder}" "${folder}/*")
  list(SORT files)
  set(assembly "    .section .rodata\n")
  set(externs "")
  set(rows "")
  set(inputs "")
  set(index 0)
  foreach(file ${files})
    set(begin "sdw_${room}_asset_${index}")
    string(APPEND assembly "    .global ${begin}\n    .global ${begin}_end\n    .balign 16\n${begin}:\n"
      "    .incbin \"${folder}/${file}\"\n${begin}_end:\n    .byte 0\n")
    string(APPEND externs "extern const char ${begin}[];\nextern const char ${begin}_end[];\n")
    string(APPEND rows "    row(\"${file}\", ${begin}, ${begin}_end),\n")
    list(APPEND inputs "${folder}/${file}")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")

  set(out "${CMAKE_CURRENT_BINARY_DIR}/assets")
  file(CONFIGURE OUTPUT "${out}.S" CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT "${out}.cpp" @ONLY CONTENT "#include \"${room}/assets.h\"

#include <array>

extern \"C\" {
${externs}}

namespace sdw::${room} {
namespace {

[[maybe_unused]] Asset row(std::string_view path, const char* begin, const char* end) {
  return {path, {begin, static_cast<std::size_t>(end - begin)}};
}

}  // namespace

std::span<const Asset> embedded_assets() {
  static const std::array<Asset, ${index}> kAssets = {
${rows}  };
  return kAssets;
}

}  // namespace sdw::${room}
")
  set_source_files_properties("${out}.S" PROPERTIES OBJECT_DEPENDS "${inputs}")
  target_sources(sdw_${room} PRIVATE "${out}.S" "${out}.cpp")
endfunction()

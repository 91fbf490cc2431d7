# Makes the text of core/sim/builtin.types a string of the room sim. As a script (cmake -DOUTPUT=… -DINPUT=… -P) it writes the C file; included, it sets types_c.

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  file(WRITE ${OUTPUT} "#include \"sim/builtin_types.h\"\n\nconst char builtin_types[] = {${hex}0};\n")
  return()
endif()

set(types_c ${CMAKE_BINARY_DIR}/builtin_types.c)
add_custom_command(
  OUTPUT ${types_c}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${types_c} -DINPUT=${CMAKE_SOURCE_DIR}/core/sim/builtin.types -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${CMAKE_SOURCE_DIR}/core/sim/builtin.types ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding the built-in types"
  VERBATIM)

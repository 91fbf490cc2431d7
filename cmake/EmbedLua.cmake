# Makes core/script/embedded.h's table from lua/stdlib and lua/strategies, and makes it again when one of them changes.
# As a script (cmake -DOUTPUT=… -DROOT=… -P) it writes the C file; included, it adds the target.

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB modules RELATIVE ${ROOT}/lua ${ROOT}/lua/stdlib/*.lua ${ROOT}/lua/strategies/*.lua)
  list(SORT modules)
  set(bytes "")
  set(table "")
  set(index 0)
  foreach(module IN LISTS modules)
    file(READ ${ROOT}/lua/${module} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(REGEX REPLACE "\\.lua$" "" name "${module}")
    string(REPLACE "/" "." name "${name}")
    string(APPEND bytes "static const unsigned char module_${index}[] = {${hex}0};\n")
    string(APPEND table "    {\"${name}\", (const char *)module_${index}, sizeof module_${index} - 1},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"script/embedded.h\"\n\n${bytes}\nconst struct embedded_module embedded_modules[] = {\n${table}    {0, 0, 0},\n};\nconst size_t embedded_count = ${index};\n")
  return()
endif()

file(GLOB lua_modules CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lua/stdlib/*.lua ${CMAKE_SOURCE_DIR}/lua/strategies/*.lua)
set(embedded_c ${CMAKE_BINARY_DIR}/embedded.c)
add_custom_command(
  OUTPUT ${embedded_c}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${embedded_c} -DROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${lua_modules} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding lua/"
  VERBATIM)
add_library(sluice_lua STATIC ${embedded_c})
target_include_directories(sluice_lua PRIVATE ${CMAKE_SOURCE_DIR}/core)

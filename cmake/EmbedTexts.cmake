# Makes core/app/texts.h's table: the CRDs of deploy/, the mesh's kinds, the tutorial's manifests and its scenario. As a script (cmake -DOUTPUT=… -DROOT=… -P) it writes the
# C file; included, it sets texts_c.

function(list_texts root out)
  file(GLOB files ${root}/deploy/crds/*.yaml ${root}/core/sim/mesh_crds.yaml ${root}/examples/tutorial/*.yaml
       ${root}/examples/scenarios/tutorial.yaml)
  list(SORT files)
  set(${out} ${files} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  list_texts(${ROOT} files)
  set(bytes "")
  set(table "")
  set(index 0)
  foreach(file IN LISTS files)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    get_filename_component(folder ${file} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    string(REPLACE "sim" "crds" folder ${folder})
    get_filename_component(name ${file} NAME)
    string(APPEND bytes "static const unsigned char text_${index}[] = {${hex}0};\n")
    string(APPEND table "    {\"${folder}/${name}\", (const char *)text_${index}, sizeof text_${index} - 1},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"app/texts.h\"\n\n${bytes}\nconst struct text texts[] = {\n${table}    {0, 0, 0},\n};\nconst size_t texts_count = ${index};\n")
  return()
endif()

list_texts(${CMAKE_SOURCE_DIR} texts_yaml)
set(texts_c ${CMAKE_BINARY_DIR}/texts.c)
add_custom_command(
  OUTPUT ${texts_c}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${texts_c} -DROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${texts_yaml} ${CMAKE_CURRENT_LIST_FILE}
  COMMENT "Embedding CRDs and manifests"
  VERBATIM)

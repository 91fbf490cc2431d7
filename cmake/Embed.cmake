# Files that travel in the binary, as C that is made anew when one of them changes.
#
#   embed(OUT HEADER header TABLE "const struct x xs" COUNT xs_count ENTRIES name=file …)
#       a table: a row {name, bytes, length} each, and how many
#   embed(OUT HEADER header ENTRIES name=file …)
#       an array `const char name[]` each, of ASCII
#
# Sets OUT to the C file, which includes the header that declares what is in it. The bytes end with a NUL that no length
# counts.
# Run as a script (cmake -DOUTPUT=… -DHEADER=… -DENTRIES=… -P), this file writes it.

function(split_entry entry)
  string(FIND "${entry}" "=" at)
  string(SUBSTRING "${entry}" 0 ${at} name)
  math(EXPR at "${at} + 1")
  string(SUBSTRING "${entry}" ${at} -1 file)
  set(name "${name}" PARENT_SCOPE)
  set(file "${file}" PARENT_SCOPE)
endfunction()

function(write_embedded)
  set(arrays "")
  set(rows "")
  set(count 0)
  foreach(entry IN LISTS ENTRIES)
    split_entry("${entry}")
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    if(TABLE)
      string(APPEND arrays "static const unsigned char bytes_${count}[] = {${hex}0};\n")
      string(APPEND rows "    {\"${name}\", (const char *)bytes_${count}, sizeof bytes_${count} - 1},\n")
    else()
      string(APPEND arrays "const char ${name}[] = {${hex}0};\n")
    endif()
    math(EXPR count "${count} + 1")
  endforeach()
  if(TABLE)
    string(APPEND arrays "\n${TABLE}[] = {\n${rows}    {0, 0, 0},\n};\nconst size_t ${COUNT} = ${count};\n")
  endif()
  file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n\n${arrays}")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  write_embedded()
  return()
endif()

set(embed_script ${CMAKE_CURRENT_LIST_FILE})

function(embed out)
  cmake_parse_arguments(EMBED "" "HEADER;TABLE;COUNT" "ENTRIES" ${ARGN})
  foreach(entry IN LISTS EMBED_ENTRIES)
    split_entry("${entry}")
    list(APPEND files "${file}")
  endforeach()
  set(output ${CMAKE_BINARY_DIR}/${out}.c)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DHEADER=${EMBED_HEADER}
            "-DTABLE=${EMBED_TABLE}" -DCOUNT=${EMBED_COUNT} "-DENTRIES=${EMBED_ENTRIES}"
            -P ${embed_script}
    DEPENDS ${files} ${embed_script}
    COMMENT "Embedding for ${EMBED_HEADER}"
    VERBATIM)
  set(${out} ${output} PARENT_SCOPE)
endfunction()

# version_build.h: the commit that is built, and its date (not the day of the build: the same commit gives the same
# binary). It is looked at in every build, and written only when it is different.
#
#   -D SLUICE_COMMIT=… -D SLUICE_DATE=…   what it says where there is no git, as in an image's build; empty otherwise
#
# Run as a script (cmake -DOUTPUT=… -DCOMMIT=… -DDATE=… -P), this file writes it.

if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25) # a script has no policies, and a function keeps those of where it stands
endif()

function(ask_git out)
  execute_process(COMMAND git ${ARGN} WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE said RESULT_VARIABLE failed ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed)
    set(said "")
  endif()
  set(${out} "${said}" PARENT_SCOPE)
endfunction()

function(write_version)
  if(COMMIT STREQUAL "")
    ask_git(top rev-parse --show-toplevel) # a tarball in somebody else's repository is none of its commits
    file(REAL_PATH ${SOURCE} here)
    if(top STREQUAL here)
      ask_git(COMMIT rev-parse --short=12 HEAD)
      ask_git(DATE show -s --format=%cs HEAD)
      ask_git(changed status --porcelain --untracked-files=no)
      if(NOT changed STREQUAL "")
        string(APPEND COMMIT ", changed")
      endif()
    endif()
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT}
       CONTENT "#define VERSION_COMMIT \"@COMMIT@\"\n#define VERSION_DATE \"@DATE@\"\n" @ONLY)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  write_version()
  return()
endif()

set(SLUICE_COMMIT "" CACHE STRING "The commit that is built, where git cannot say")
set(SLUICE_DATE "" CACHE STRING "Its date")
add_custom_target(version_build
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUTPUT=${CMAKE_BINARY_DIR}/generated/version_build.h
          -DCOMMIT=${SLUICE_COMMIT} -DDATE=${SLUICE_DATE}
          -P ${CMAKE_CURRENT_LIST_FILE}
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/version_build.h
  COMMENT "Asking for the commit"
  VERBATIM)

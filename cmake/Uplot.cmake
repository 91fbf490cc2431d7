# uPlot, which draws the curves of the dashboard: one package of npm of one version, whose bytes are known. It is kept
# outside of the tree, so that a second build needs no network.
#
#   -D SLUICE_UPLOT=FILE   the package as `npm pack uplot@VERSION` writes it, where the build has no npm
#
# Sets UPLOT_FOLDER, which has uPlot.esm.js and uPlot.min.css.

set(UPLOT_VERSION 1.6.32)
# The `integrity` of the registry, in hex.
string(CONCAT UPLOT_SHA512 2883159c6ebccefbb95d751b0b82d010f9e1c0ec41b8bc96d401eda66e882935
                           c89a46cb824332fa369b8cb8122cc6ac36e186cd09bf7a9ded3a4c93c6989023)

set(SLUICE_UPLOT "" CACHE FILEPATH "The package uplot-${UPLOT_VERSION}.tgz, where the build has no npm")

function(fetch_uplot folder)
  find_program(NPM npm)
  set(by_hand "Or bring the package: -D SLUICE_UPLOT=FILE, as `npm pack uplot@${UPLOT_VERSION}` writes it.")
  if(NOT NPM)
    message(FATAL_ERROR "The dashboard's curves are drawn by uPlot ${UPLOT_VERSION}, a package of npm, and npm is "
                        "missing: scripts/setup installs it. ${by_hand}")
  endif()
  message(STATUS "Fetching uPlot ${UPLOT_VERSION} with npm")
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${NPM} pack uplot@${UPLOT_VERSION} --silent WORKING_DIRECTORY ${folder}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "npm could not fetch uPlot ${UPLOT_VERSION}: ${said}\n${by_hand}")
  endif()
endfunction()

function(find_uplot out)
  set(cache "$ENV{XDG_CACHE_HOME}")
  if(NOT cache AND DEFINED ENV{HOME})
    set(cache "$ENV{HOME}/.cache")
  elseif(NOT cache)
    set(cache "${CMAKE_BINARY_DIR}")
  endif()
  set(package "${cache}/sluice/uplot-${UPLOT_VERSION}.tgz")
  if(SLUICE_UPLOT)
    set(package "${SLUICE_UPLOT}")
  elseif(NOT EXISTS ${package})
    fetch_uplot("${cache}/sluice")
  endif()
  if(NOT EXISTS ${package})
    message(FATAL_ERROR "${package}: there is no such file")
  endif()
  file(SHA512 ${package} hash)
  if(NOT hash STREQUAL UPLOT_SHA512)
    message(FATAL_ERROR "${package} is not uPlot ${UPLOT_VERSION}: its SHA-512 is ${hash}, ${UPLOT_SHA512} is wanted. "
                        "Remove the file, and it is fetched again.")
  endif()
  if(NOT EXISTS ${CMAKE_BINARY_DIR}/uplot/${UPLOT_VERSION})
    file(ARCHIVE_EXTRACT INPUT ${package} DESTINATION ${CMAKE_BINARY_DIR}/uplot
         PATTERNS package/dist/uPlot.esm.js package/dist/uPlot.min.css)
    file(TOUCH ${CMAKE_BINARY_DIR}/uplot/${UPLOT_VERSION})
  endif()
  set(${out} ${CMAKE_BINARY_DIR}/uplot/package/dist PARENT_SCOPE)
endfunction()

find_uplot(UPLOT_FOLDER)

# The site of the pages and the API, for a browser: cmake --build build --target docs

find_program(SPIKETAPE_DOXYGEN doxygen DOC "Doxygen, which makes the site")
find_program(SPIKETAPE_AWK awk DOC "The program that filters what Doxygen reads")
mark_as_advanced(SPIKETAPE_DOXYGEN SPIKETAPE_AWK)
if(NOT SPIKETAPE_DOXYGEN OR NOT SPIKETAPE_AWK)
  add_custom_target(docs COMMAND ${CMAKE_COMMAND} -E echo "spiketape: the site takes doxygen and awk: install them, and configure again"
                         COMMAND ${CMAKE_COMMAND} -E false)
  return()
endif()

set(site_folder "${PROJECT_BINARY_DIR}/site")
# In the order of reading; a page that is not listed comes last.
set(pages "")
foreach(page IN ITEMS getting-started from-snntorch neurons spikegen event-data losses training trainer many-machines performance scaling convolution
                      extending deployment checkpoints
                      firmware nir reproducibility errors versions)
  list(APPEND pages "${PROJECT_SOURCE_DIR}/docs/${page}.md")
endforeach()
file(GLOB all_pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/*.md")
list(APPEND pages "${PROJECT_SOURCE_DIR}/examples/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" ${all_pages})
list(REMOVE_DUPLICATES pages)
list(JOIN pages "\" \"" site_pages)
set(site_pages "\"${site_pages}\"")

# What public classes are derived from: their pages show what they inherit.
set(bases "")
file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/*.hpp")
foreach(header IN LISTS headers)
  file(STRINGS "${header}" derived REGEX "^(class|struct) .*: public detail::")
  list(TRANSFORM derived REPLACE ".*: public detail::([A-Za-z0-9]+).*" "\\1")
  list(APPEND bases ${derived})
endforeach()
list(REMOVE_DUPLICATES bases)
list(JOIN bases "|" bases)

set(examples "")
file(GLOB example_sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/examples" "${PROJECT_SOURCE_DIR}/examples/*.cpp")
foreach(source IN LISTS example_sources)
  string(APPEND examples "/** @example ${source} */\n")
endforeach()
file(CONFIGURE OUTPUT "${site_folder}/examples.dox" CONTENT "${examples}" @ONLY)
# Doxygen 1.11 and newer take examples/README.md for the text of a folder. Older ones warn of options that they do not know.
set(site_options "")
execute_process(COMMAND "${SPIKETAPE_DOXYGEN}" -s -g - OUTPUT_VARIABLE known_options)
if(known_options MATCHES "IMPLICIT_DIR_DOCS")
  set(site_options "IMPLICIT_DIR_DOCS      = NO")
endif()
configure_file(docs/site/Doxyfile.in "${site_folder}/Doxyfile" @ONLY)
add_custom_target(docs COMMAND ${CMAKE_COMMAND} -E rm -rf "${site_folder}/html"  # pages of names that are gone
                       COMMAND "${SPIKETAPE_DOXYGEN}" "${site_folder}/Doxyfile"
                       COMMAND "${SPIKETAPE_AWK}" -v "folder=${site_folder}/html" -f "${PROJECT_SOURCE_DIR}/docs/site/check.awk"
                       COMMAND ${CMAKE_COMMAND} -E echo "spiketape: the site is ${site_folder}/html/index.html"
                       VERBATIM)

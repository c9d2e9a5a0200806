# Warns, once, whose build would not optimize: without it the library is a hundred times slower.

get_property(spiketape_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
get_property(spiketape_has_warned GLOBAL PROPERTY SPIKETAPE_HAS_WARNED)
if(NOT spiketape_multi_config AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CXX_FLAGS MATCHES "[-/]O"
   AND NOT spiketape_has_warned)
  message(WARNING "spiketape: CMAKE_BUILD_TYPE is not set, so compilers do not optimize, and training takes a "
                  "hundred times as long. Configure with: cmake -DCMAKE_BUILD_TYPE=Release")
  set_property(GLOBAL PROPERTY SPIKETAPE_HAS_WARNED ON)
endif()
unset(spiketape_multi_config)
unset(spiketape_has_warned)

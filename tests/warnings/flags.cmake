# The warnings at which a program that uses the library compiles without a word, with its headers as headers
# of the program's own: all that is not absurd.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(warning_flags
      -Wall -Wextra -Wpedantic -Walloc-zero -Warith-conversion -Warray-bounds=2 -Wattribute-alias=2
      -Wcast-align=strict -Wcast-qual -Wcomma-subscript -Wconditionally-supported -Wconversion
      -Wctor-dtor-privacy -Wdate-time -Wdeprecated-copy-dtor -Wdisabled-optimization -Wdouble-promotion
      -Wduplicated-branches -Wduplicated-cond -Wextra-semi -Wfloat-conversion -Wfloat-equal
      -Wformat-overflow=2 -Wformat-signedness -Wformat-truncation=2 -Wformat=2 -Wimplicit-fallthrough=5
      -Winvalid-pch -Wlogical-op -Wmismatched-tags -Wmissing-declarations -Wmissing-include-dirs -Wmultichar
      -Wnon-virtual-dtor -Wnull-dereference -Wold-style-cast -Woverloaded-virtual -Wpacked -Wplacement-new=2
      -Wredundant-decls -Wredundant-tags -Wshadow -Wshift-overflow=2 -Wsign-conversion -Wsign-promo
      -Wstack-protector -Wstrict-aliasing=3 -Wstrict-null-sentinel -Wstrict-overflow=2 -Wstringop-overflow=4
      -Wsuggest-override -Wswitch-default -Wswitch-enum -Wsync-nand -Wtrampolines -Wundef
      -Wunsafe-loop-optimizations -Wunused-const-variable=2 -Wunused-macros -Wuseless-cast -Wvariadic-macros
      -Wvector-operation-performance -Wvla -Wvolatile -Wwrite-strings -Wzero-as-null-pointer-constant)
  # Left out: advice (-Weffc++, -Winline, -Wnoexcept, -Wsuggest-attribute, -Wsuggest-final-types), and what
  # says that something is there (-Waggregate-return, -Wlong-long, -Wnamespaces, -Wpadded, -Wsystem-headers,
  # -Wtemplates).
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(warning_flags -Weverything
      -Wno-c++98-compat -Wno-c++98-compat-pedantic -Wno-c++20-compat  # of older languages
      -Wno-used-but-marked-unused  # of Eigen
      # what says that something is there
      -Wno-padded -Wno-weak-vtables -Wno-exit-time-destructors -Wno-global-constructors)
elseif(MSVC)
  set(warning_flags /W4)
endif()

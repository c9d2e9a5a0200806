// The inline and the compiled form of io/ write the same bytes, and stand in one program, also with objects of other
// flags.
#include <cstdio>
#include <string>

#define DECLARE(form)                             \
  namespace form {                                \
  std::string written(const std::string& folder); \
  bool is_compiled();                             \
  }
DECLARE(inline_form)
DECLARE(compiled_form)
DECLARE(other_flags)
#undef DECLARE

int main(int, char** argv) {
  if (inline_form::is_compiled() || !compiled_form::is_compiled() || !other_flags::is_compiled())
    return std::puts("a part is compiled in another form than its name says"), 1;
  const std::string expected = inline_form::written(argv[1]);
  std::printf("%d bytes\n", int(expected.size()));
  if (expected.size() < 3000 || expected.find("missing in the file: ") == std::string::npos)
    return std::printf("the inline form: %s\n", expected.c_str()), 1;
  if (compiled_form::written(argv[1]) != expected) return std::puts("the compiled form writes other bytes"), 1;
  if (other_flags::written(argv[1]) != expected) return std::puts("with other flags it writes other bytes"), 1;
}

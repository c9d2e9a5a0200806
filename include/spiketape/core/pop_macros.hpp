// Brings back the macros that push_macros.hpp has put aside.

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(pop)
#endif

// X11
#pragma pop_macro("Always")
#pragma pop_macro("Bool")
#pragma pop_macro("Complex")
#pragma pop_macro("False")
#pragma pop_macro("None")
#pragma pop_macro("Status")
#pragma pop_macro("Success")
#pragma pop_macro("True")
// windows.h
#pragma pop_macro("ERROR")
#pragma pop_macro("IN")
#pragma pop_macro("OUT")
#pragma pop_macro("far")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("near")
#pragma pop_macro("small")
// complex.h, X11/Xos.h
#pragma pop_macro("I")
#pragma pop_macro("complex")
#pragma pop_macro("index")
// Arduino
#pragma pop_macro("B1")
#pragma pop_macro("DEFAULT")
#pragma pop_macro("F")
#pragma pop_macro("HIGH")
#pragma pop_macro("INPUT")
#pragma pop_macro("LOW")
#pragma pop_macro("OUTPUT")
#pragma pop_macro("PI")
#pragma pop_macro("abs")
#pragma pop_macro("bit")
#pragma pop_macro("round")
#pragma pop_macro("word")
// macOS, Unreal, Qt, R
#pragma pop_macro("check")
#pragma pop_macro("emit")
#pragma pop_macro("error")
#pragma pop_macro("foreach")
#pragma pop_macro("length")
#pragma pop_macro("require")
#pragma pop_macro("signals")
#pragma pop_macro("slots")
#pragma pop_macro("verify")

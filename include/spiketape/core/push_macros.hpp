// Puts aside the macros that system headers make of common words, such as X11's None and the min of
// windows.h. They may come in front of ours: every header includes this file first, with Eigen and the
// standard library behind it, and pop_macros.hpp last, which brings the macros back. Both files have the same
// list. There is no guard, since each header needs it.
//
// Warnings are put aside, too: numbers are compared exactly on purpose, and some casts change a type on
// other machines only. MSVC would warn of std::fopen, of alignment that pads, and of constant conditions.
#include <spiketape/core/config.hpp>

#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wuseless-cast"
#endif
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push)
#pragma warning(disable : 4127 4324 4996)
#endif

// X11
#pragma push_macro("Always")
#undef Always
#pragma push_macro("Bool")
#undef Bool
#pragma push_macro("Complex")
#undef Complex
#pragma push_macro("False")
#undef False
#pragma push_macro("None")
#undef None
#pragma push_macro("Status")
#undef Status
#pragma push_macro("Success")
#undef Success
#pragma push_macro("True")
#undef True
// windows.h
#pragma push_macro("ERROR")
#undef ERROR
#pragma push_macro("IN")
#undef IN
#pragma push_macro("OUT")
#undef OUT
#pragma push_macro("far")
#undef far
#pragma push_macro("max")
#undef max
#pragma push_macro("min")
#undef min
#pragma push_macro("near")
#undef near
#pragma push_macro("small")
#undef small
// complex.h, X11/Xos.h
#pragma push_macro("I")
#undef I
#pragma push_macro("complex")
#undef complex
#pragma push_macro("index")
#undef index
// Arduino
#pragma push_macro("B1")
#undef B1
#pragma push_macro("DEFAULT")
#undef DEFAULT
#pragma push_macro("F")
#undef F
#pragma push_macro("HIGH")
#undef HIGH
#pragma push_macro("INPUT")
#undef INPUT
#pragma push_macro("LOW")
#undef LOW
#pragma push_macro("OUTPUT")
#undef OUTPUT
#pragma push_macro("PI")
#undef PI
#pragma push_macro("abs")
#undef abs
#pragma push_macro("bit")
#undef bit
#pragma push_macro("round")
#undef round
#pragma push_macro("word")
#undef word
// macOS, Unreal, Qt, R
#pragma push_macro("check")
#undef check
#pragma push_macro("emit")
#undef emit
#pragma push_macro("error")
#undef error
#pragma push_macro("foreach")
#undef foreach
#pragma push_macro("length")
#undef length
#pragma push_macro("require")
#undef require
#pragma push_macro("signals")
#undef signals
#pragma push_macro("slots")
#undef slots
#pragma push_macro("verify")
#undef verify

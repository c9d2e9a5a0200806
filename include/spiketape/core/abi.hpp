// The inline namespace of the library, which tells apart what is compiled in different ways.
//
// One program may be linked from objects with different flags, such as -mavx2 for some. Inline functions and
// templates of the same name would be one function to the linker, compiled whichever way it meets first: a
// processor without AVX2 would run instructions that it does not have, and types of different layout would
// mix. So the name of this namespace says what changes the code: the instruction set, OpenMP, exceptions, a
// BLAS, denormals, and -ffast-math. Programs write spiketape::Leaky as ever; objects of different flags
// cannot pass each other's layers, tapes and arrays of the library. Only error_handler is the same for all,
// and what io/form.hpp has compiled once.
//
// Eigen has no such namespace: its half of such a program may still mix. Compile all sources that use Eigen
// with the same -m flags, or keep their symbols apart (-fvisibility=hidden and a library for each target).
#pragma once

#if defined(EIGEN_DONT_VECTORIZE)
#define SPIKETAPE_ABI_TARGET scalar
#elif defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define SPIKETAPE_ABI_TARGET avx512
#elif defined(__AVX512F__)
#define SPIKETAPE_ABI_TARGET avx512f
#elif defined(__AVX2__)
#define SPIKETAPE_ABI_TARGET avx2
#elif defined(__AVX__)
#define SPIKETAPE_ABI_TARGET avx
#elif defined(__SSE4_2__)
#define SPIKETAPE_ABI_TARGET sse42
#elif defined(__SSE4_1__)
#define SPIKETAPE_ABI_TARGET sse41
#elif defined(__SSSE3__)
#define SPIKETAPE_ABI_TARGET ssse3
#elif defined(__SSE3__)
#define SPIKETAPE_ABI_TARGET sse3
#elif defined(__SSE2__) || defined(_M_X64)
#define SPIKETAPE_ABI_TARGET sse2
#elif defined(__ARM_NEON)
#define SPIKETAPE_ABI_TARGET neon
#else
#define SPIKETAPE_ABI_TARGET generic
#endif

#ifdef __FMA__
#define SPIKETAPE_ABI_FMA _fma
#else
#define SPIKETAPE_ABI_FMA
#endif
#ifdef __BMI2__
#define SPIKETAPE_ABI_BMI2 _bmi2
#else
#define SPIKETAPE_ABI_BMI2
#endif
#ifdef _OPENMP
#define SPIKETAPE_ABI_OPENMP _openmp
#else
#define SPIKETAPE_ABI_OPENMP
#endif
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define SPIKETAPE_EXCEPTIONS 1
#define SPIKETAPE_ABI_EXCEPTIONS
#else
#define SPIKETAPE_EXCEPTIONS 0
#define SPIKETAPE_ABI_EXCEPTIONS _no_exceptions
#endif
#if defined(EIGEN_USE_BLAS) || defined(EIGEN_USE_MKL_ALL)
#define SPIKETAPE_ABI_BLAS _blas
#else
#define SPIKETAPE_ABI_BLAS
#endif
#ifdef SPIKETAPE_KEEP_DENORMALS
#define SPIKETAPE_ABI_DENORMALS _denormals
#else
#define SPIKETAPE_ABI_DENORMALS
#endif
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#define SPIKETAPE_ABI_FAST_MATH _fast_math
#else
#define SPIKETAPE_ABI_FAST_MATH
#endif

/// What a macro stands for, as text.
#define SPIKETAPE_ABI_TEXT_OF(name) #name
#define SPIKETAPE_ABI_TEXT(name) SPIKETAPE_ABI_TEXT_OF(name)

#define SPIKETAPE_ABI_JOINED(a, b, c, d, e, f, g, h) a##b##c##d##e##f##g##h
#define SPIKETAPE_ABI_JOIN(a, b, c, d, e, f, g, h) SPIKETAPE_ABI_JOINED(a, b, c, d, e, f, g, h)
#define SPIKETAPE_ABI                                                                                   \
  SPIKETAPE_ABI_JOIN(SPIKETAPE_ABI_TARGET, SPIKETAPE_ABI_FMA, SPIKETAPE_ABI_BMI2, SPIKETAPE_ABI_OPENMP, \
                     SPIKETAPE_ABI_EXCEPTIONS, SPIKETAPE_ABI_BLAS, SPIKETAPE_ABI_DENORMALS,             \
                     SPIKETAPE_ABI_FAST_MATH)

/* Compares digits.h with what digits.cpp has written. Fails if a spike differs, unless a third argument says
 * to count only. digits_main IMAGES SPIKES [count] */
#if defined(FUSED_AS_THE_LIBRARY) && defined(__FMA__)
#define DIGITS_FUSED
#endif
#define DIGITS_IMPLEMENTATION
#define DIGITS_SELF_TEST
#include "digits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define STEPS 20
#define HIDDEN 200
#define IMAGES 360
#ifndef PASSES
#define PASSES 30 /* over which the time is taken; 0: it is not */
#endif

static float images[IMAGES][DIGITS_INPUTS];
static uint8_t expected[IMAGES][STEPS][HIDDEN + DIGITS_OUTPUTS];

int main(int argc, char** argv) {
  static digits_state state;
  uint8_t found[HIDDEN + DIGITS_OUTPUTS];
  FILE* in = argc > 2 ? fopen(argv[1], "rb") : 0;
  FILE* spikes = argc > 2 ? fopen(argv[2], "rb") : 0;
  long differ = 0, digits = 0, all = 0;
  double farthest = 0;
  int i, t, k;
  if (in == 0 || spikes == 0 || fread(images, sizeof images, 1, in) != 1 ||
      fread(expected, sizeof expected, 1, spikes) != 1) {
    puts("cannot read the files");
    return 2;
  }
  for (i = 0; i < IMAGES; ++i) {
    int same = 1;
    digits_reset(&state);
    for (t = 0; t < STEPS; ++t) {
      digits_step(&state, images[i], found + HIDDEN);
      for (k = 0; k < HIDDEN; ++k) found[k] = state.lif1_mem[k] > 1; /* the reset comes in the next step */
      for (k = 0; k < HIDDEN + DIGITS_OUTPUTS; ++k) {
        all += found[k];
        if (found[k] == expected[i][t][k]) continue;
        ++differ;
        if (same) { /* what follows from the first one is not counted as a distance */
          const double x = (double)(k < HIDDEN ? state.lif1_mem[k] : state.lif2_mem[k - HIDDEN]) - 1;
          if ((x < 0 ? -x : x) > farthest) farthest = x < 0 ? -x : x;
          ++digits;
          same = 0;
        }
      }
    }
  }
  printf(
      "C: %ld of %ld spikes differ, in %ld of %d digits; the first of each is at most %.3g from the "
      "threshold\n",
      differ, all, digits, IMAGES, farthest);
  printf("self-test: %d\n", digits_self_test());
#if PASSES > 0
  {
    const clock_t start = clock();
    long sum = 0;
    int pass;
    for (pass = 0; pass < PASSES; ++pass)
      for (i = 0; i < IMAGES; ++i) {
        digits_reset(&state);
        for (t = 0; t < STEPS; ++t) {
          digits_step(&state, images[i], found);
          sum += found[0];
        }
      }
    printf("C: %.3f us for each step (%ld)\n",
           1e6 * (double)(clock() - start) / CLOCKS_PER_SEC / PASSES / IMAGES / STEPS, sum);
  }
#endif
  return digits_self_test() != 0 || (argc < 4 && differ != 0);
}

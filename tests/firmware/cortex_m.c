/* digits_main.c on a Cortex-M4 or M7 with a floating-point unit, in QEMU's mps2-an386 or mps2-an500: what a chip does
 * at its start, and how many instructions a step takes. Files and texts come through semihosting. */
#define main compare
#include "digits_main.c"
#undef main

extern char __stack;
extern void _start(void);

static volatile uint32_t* const systick = (volatile uint32_t*)0xE000E010; /* control, reload, value */
static volatile uint32_t* const access_to_fpu = (volatile uint32_t*)0xE000ED88;

void at_reset(void) {
  *access_to_fpu |= 0xFu << 20;
  __asm__ volatile("dsb\n isb");
  _start();
}
static void at_fault(void) {
  for (;;) {
  }
}
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void)) & __stack, at_reset, at_fault, at_fault, at_fault, at_fault, at_fault};

int main(int argc, char** argv) {
  static digits_state state;
  uint8_t spikes[DIGITS_OUTPUTS];
  const int failed = compare(argc, argv);
  uint32_t begin, end;
  int t;
  systick[1] = 0xFFFFFF;
  systick[2] = 0;
  systick[0] = 5; /* counts down with the processor's 25 MHz: with -icount shift=0 one for 40 instructions */
  digits_reset(&state);
  begin = systick[2];
  for (t = 0; t < STEPS; ++t) digits_step(&state, images[0], spikes);
  end = systick[2];
  printf("C: %lu instructions for each step\n", (unsigned long)((begin - end) * 40 / STEPS));
  return failed;
}

// A process with another version of the library: CMake compiles this with other numbers in version.hpp.
#include <spiketape/mpi/processes.hpp>

int main(int argc, char** argv) { const spiketape::mpi::Processes processes(&argc, &argv); }

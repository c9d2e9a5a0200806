// expect: spiketape: one sample is a row: use spiketape::Row<Scalar>, not a column vector
#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const Eigen::VectorXf sample = Eigen::VectorXf::Zero(3);
  use(sample);
}

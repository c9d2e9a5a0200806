// expect: spiketape: a step must be row-major, (batch, features): use spiketape::Array<Scalar>
#include <spiketape/core/array.hpp>

void use(spiketape::SequenceView<const float>) {}

int main() {
  const Eigen::MatrixXf step = Eigen::MatrixXf::Zero(2, 3);
  use(step);
}

// Operations to write losses, layers and readouts with. One formula serves a value on a tape, a sequence and
// an Eigen step:
//
//     const auto loss = [&](const auto& mem) { return st::mean(st::square(mem - targets)); };
//
// (For steps, Eigen's operators apply: there a number must be an int or a Scalar.) On a tape each operation
// is a record of a named type: what it read, what it wrote, and how adjoints pass back. An operation of your
// own is a struct like that: CrossEntropyOp in functional/loss.hpp is one, recorded by Tape::record.
#pragma once

#include <spiketape/autograd/arithmetic.hpp>
#include <spiketape/autograd/extremes.hpp>
#include <spiketape/autograd/functions.hpp>
#include <spiketape/autograd/reductions.hpp>
#include <spiketape/autograd/softmax.hpp>
#include <spiketape/autograd/steps.hpp>

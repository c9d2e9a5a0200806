// The scans of neurons that receive their own spikes, or those of their layer.
#include "scan.hpp"

namespace {

namespace st = spiketape;

st::Random generator(1);

const bool rleaky =
    scan::add("RLeaky, one to one",
              st::RLeaky<float>({.beta = 0.9f, .V = 0.5f, .all_to_all = false, .learn_recurrent = false}));

const bool rleaky_all = scan::add(
    "RLeaky, all to all", st::RLeaky<float>({.beta = 0.9f, .linear_features = scan::neurons}, generator),
    {.all_to_all = true});

const bool rsynaptic =
    scan::add("RSynaptic, one to one",
              st::RSynaptic<float>(
                  {.alpha = 0.8f, .beta = 0.9f, .V = 0.5f, .all_to_all = false, .learn_recurrent = false}));

const bool rsynaptic_all = scan::add(
    "RSynaptic, all to all",
    st::RSynaptic<float>({.alpha = 0.8f, .beta = 0.9f, .linear_features = scan::neurons}, generator),
    {.all_to_all = true});

const bool alif = scan::add("Alif", st::Alif<float>({.beta = 0.9f}));

}  // namespace

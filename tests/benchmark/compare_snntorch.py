"""The same networks and neurons in snnTorch, on this machine.

    python3 compare_snntorch.py [--hidden 1000] [--threads 1] [folder of spiketape's benchmark programs]

Needs PyTorch and snnTorch. With the folder (build/tests/benchmark) it also runs the programs there and prints
the ratios.
"""
import argparse
import os
import re
import statistics
import subprocess
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder", nargs="?")
parser.add_argument("--hidden", type=int, default=1000, choices=[100, 1000, 4000])
parser.add_argument("--threads", type=int, default=1, choices=[1, 2])
options = parser.parse_args()

# torch.set_num_threads does not reach the threads of a BLAS, which reads these when it is loaded.
for library in ["OMP", "OPENBLAS", "MKL", "BLIS"]:
    os.environ[f"{library}_NUM_THREADS"] = str(options.threads)

import snntorch as snn
import torch
from torch.nn.functional import cross_entropy

BATCH, STEPS, BETA = 128, 25, 0.95


def milliseconds(work):
    """The median of at least five runs that take two seconds in all, after two runs to warm up."""
    times = []
    for i in range(2 + 5 + 500):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
        if i >= 6 and sum(times) > 2e3:
            break
    return statistics.median(times[2:])


class Network(torch.nn.Module):
    """784-H-10 as in tutorial 5. hoisted: the product with the image, which all steps share, is done once.

    The input is an image, or (rate-coded) spikes of (steps, batch, 784).
    """

    def __init__(self, hidden, hoisted):
        super().__init__()
        self.fc1, self.lif1 = torch.nn.Linear(784, hidden), snn.Leaky(beta=BETA)
        self.fc2, self.lif2 = torch.nn.Linear(hidden, 10), snn.Leaky(beta=BETA)
        self.hoisted = hoisted

    def forward(self, input):
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        mems = []
        for t in range(STEPS):
            if t == 0 or not self.hoisted:
                current = self.fc1(input if input.dim() == 2 else input[t])
            spk1, mem1 = self.lif1(current, mem1)
            _, mem2 = self.lif2(self.fc2(spk1), mem2)
            mems.append(mem2)
        return mems


def training_step(hidden, hoisted, input):
    net = Network(hidden, hoisted)
    adam = torch.optim.Adam(net.parameters(), lr=5e-4)
    labels = torch.arange(BATCH) % 10

    def step():
        loss = sum(cross_entropy(mem, labels) for mem in net(input))
        adam.zero_grad()
        loss.backward()
        adam.step()

    return milliseconds(step)


def one_image(hidden, hoisted):
    net, image = Network(hidden, hoisted), torch.rand(1, 784)
    with torch.no_grad():
        return milliseconds(lambda: net(image))


def neurons(count):
    """By the names that the program scan uses. all to all: includes their weights, a Linear."""
    return {
        "Leaky": snn.Leaky(beta=0.9),
        "Lapicque": snn.Lapicque(R=5, C=2),
        "Synaptic": snn.Synaptic(alpha=0.8, beta=0.9),
        "Alpha": snn.Alpha(alpha=0.9, beta=0.8),
        "RLeaky, one to one": snn.RLeaky(beta=0.9, V=0.5, all_to_all=False, learn_recurrent=False),
        "RLeaky, all to all": snn.RLeaky(beta=0.9, linear_features=count),
        "RSynaptic, one to one": snn.RSynaptic(alpha=0.8, beta=0.9, V=0.5, all_to_all=False, learn_recurrent=False),
        "RSynaptic, all to all": snn.RSynaptic(alpha=0.8, beta=0.9, linear_features=count),
    }


def scan(neuron, count, backward):
    """The time of a neuron in ns for each neuron and step; backward: includes the backward pass."""
    current = (torch.rand(BATCH, count) * 0.4 - 0.05).requires_grad_(backward)
    zeros = torch.zeros(BATCH, count)
    # Recurrent neurons also take their last spikes: then there are more states than results besides spk.
    states = len(reset(neuron))

    def run():
        carried, total = [zeros] * states, 0
        for _ in range(STEPS):
            spk, *rest = neuron(current, *carried)
            carried = [spk, *rest] if states > len(rest) else rest
            total = total + spk.sum() if backward else 0
        if backward:
            total.backward()

    with torch.set_grad_enabled(backward):
        return 1e6 * milliseconds(run) / (STEPS * BATCH * count)


def reset(neuron):
    """The states before the first step."""
    states = neuron.reset_mem()
    return states if isinstance(states, tuple) else (states,)


def print_blas(threads):
    print("PyTorch", torch.__version__, *re.findall(r"(?:BLAS_INFO|LAPACK_INFO)=\w+", torch.__config__.show()))
    n = 1024
    a = torch.rand(n, n)
    rate = 2 * n**3 / (1e6 * milliseconds(lambda: a @ a))
    print(f"its matrix product on {threads} thread(s): {rate:.0f} GFLOP/s")
    if rate < 20 * threads:
        print("WARNING: that looks like the reference BLAS, and a comparison with it is not honest.\n"
              "         Install a fast one (Debian: apt-get install libopenblas0) and run this again.")


def ours(folder, program, names):
    """Runs one of our benchmark programs and returns its times by name."""
    if folder is None:
        return {}
    table = subprocess.run([f"{folder}/{program}", f"--benchmark_filter={names}"],
                           check=True, capture_output=True, text=True).stdout
    return {name: float(time) for name, time in re.findall(r"^(\w.*?) {2,}([\d.]+) ", table, re.MULTILINE)}


def row(name, theirs, *times):
    """Prints a row: their time, and each of ours with how many times as fast it is."""
    print(f"{name:36}{theirs:10.3f}" + "".join(f"{time:12.3f} ({theirs / time:.1f} x)" for time in times if time))


def main():
    hidden, threads = options.hidden, options.threads
    torch.set_num_threads(threads)
    print_blas(threads)

    network = f"H = {hidden}/{threads} thread" + "s" * (threads > 1)
    step = ours(options.folder, "training_step", f"images/{network}/")
    print(f"\ntraining step, 784-{hidden}-10, {STEPS} steps, batch {BATCH}, {threads} thread(s), in ms")
    print(f"{'snnTorch':>46}   spiketape: dense images and mostly zeros")
    image, spikes = torch.rand(BATCH, 784), (torch.rand(STEPS, BATCH, 784) < 0.1).float()
    constant = [step.get(f"{kind} images/{network}") for kind in ("dense", "sparse")]
    row("a constant image, as written", training_step(hidden, False, image), *constant)
    row("a constant image, fc1 hoisted", training_step(hidden, True, image), *constant)
    row("a rate-coded image", training_step(hidden, False, spikes), step.get(f"rate-coded sparse images/{network}"))

    if threads > 1:
        return
    single = ours(options.folder, "inference", "one image") if hidden == 1000 else {}
    images = [single[f"one image, 25 steps/{kind}"] / 1e3 for kind in ("dense", "19 % of the pixels lit") if single]
    print("\none image through it, in ms")
    row("as written", one_image(hidden, False), *images)
    row("fc1 hoisted", one_image(hidden, True), *images)

    alone = ours(options.folder, "scan", "/(forward|adjoint)/batch")
    print("\neach neuron, (128, 1000), in ns for each neuron and step; second line: forward and back")
    for name, neuron in neurons(1000).items():
        forward, back = (alone.get(f"{name}/{way}/batch") for way in ("forward", "adjoint"))
        row(name, scan(neuron, 1000, False), forward)
        row("", scan(neuron, 1000, True), forward and forward + back)


if __name__ == "__main__":
    main()

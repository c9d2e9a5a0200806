"""The same network in snnTorch, on this machine: a training step, one image, and the neuron alone.

    python3 compare_snntorch.py [--hidden 1000] [--threads 1] [path of the program training_step]

Needs PyTorch and snnTorch. With the program's path it is run, too, and the ratios are printed.
"""
import argparse
import re
import statistics
import subprocess
import time

import snntorch as snn
import torch
from torch.nn.functional import cross_entropy

BATCH, STEPS, BETA = 128, 25, 0.95


def milliseconds(work):
    """The median of what lasts two seconds, at least five times, after two to warm up."""
    times = []
    for i in range(2 + 5 + 500):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
        if i >= 6 and sum(times) > 2e3:
            break
    return statistics.median(times[2:])


class Network(torch.nn.Module):
    """784-H-10 as in tutorial 5. hoisted: the product with the image, the same in all steps, is done once."""

    def __init__(self, hidden, hoisted):
        super().__init__()
        self.fc1, self.lif1 = torch.nn.Linear(784, hidden), snn.Leaky(beta=BETA)
        self.fc2, self.lif2 = torch.nn.Linear(hidden, 10), snn.Leaky(beta=BETA)
        self.hoisted = hoisted

    def forward(self, image):
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        mems = []
        for t in range(STEPS):
            if t == 0 or not self.hoisted:
                current = self.fc1(image)
            spk1, mem1 = self.lif1(current, mem1)
            _, mem2 = self.lif2(self.fc2(spk1), mem2)
            mems.append(mem2)
        return mems


def training_step(hidden, hoisted):
    net = Network(hidden, hoisted)
    adam = torch.optim.Adam(net.parameters(), lr=5e-4)
    images, labels = torch.rand(BATCH, 784), torch.arange(BATCH) % 10

    def step():
        loss = sum(cross_entropy(mem, labels) for mem in net(images))
        adam.zero_grad()
        loss.backward()
        adam.step()

    return milliseconds(step)


def one_image(hidden, hoisted):
    net, image = Network(hidden, hoisted), torch.rand(1, 784)
    with torch.no_grad():
        return milliseconds(lambda: net(image))


def neuron(hidden, backward):
    lif, current = snn.Leaky(beta=BETA), torch.rand(BATCH, hidden, requires_grad=backward)

    def scan():
        mem, total = lif.reset_mem(), 0
        for _ in range(STEPS):
            spk, mem = lif(current, mem)
            if backward:
                total = total + spk.sum()
        if backward:
            total.backward()

    with torch.set_grad_enabled(backward):
        return milliseconds(scan)


def print_blas(threads):
    print("PyTorch", torch.__version__, *re.findall(r"(?:BLAS_INFO|LAPACK_INFO)=\w+", torch.__config__.show()))
    n = 1024
    a = torch.rand(n, n)
    rate = 2 * n**3 / (1e6 * milliseconds(lambda: a @ a))
    print(f"its matrix product: {rate:.0f} GFLOP/s")
    if rate < 20 * threads:
        print("WARNING: that looks like the reference BLAS, and a comparison with it is not honest.\n"
              "         Install a fast one (Debian: apt-get install libopenblas0) and run this again.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--hidden", type=int, default=1000, help="100, 1000 or 4000 to compare with the program")
    parser.add_argument("--threads", type=int, default=1, help="1 or 2 to compare with the program")
    options = parser.parse_args()
    hidden = options.hidden
    torch.set_num_threads(options.threads)
    print_blas(options.threads)

    step, hoisted_step = training_step(hidden, False), training_step(hidden, True)
    print(f"784-{hidden}-10, {STEPS} steps, {options.threads} thread(s), ms")
    print(f"training step, batch {BATCH}      {step:10.3f}   hoisted {hoisted_step:10.3f}")
    print(f"one image                    {one_image(hidden, False):10.3f}   hoisted {one_image(hidden, True):10.3f}")
    print(f"neuron ({BATCH}, {hidden}), forward   {neuron(hidden, False):10.3f}   "
          f"and backward {neuron(hidden, True):10.3f}")

    if options.program:
        name = f"images/H = {hidden}/{options.threads} thread"
        table = subprocess.run([options.program, "--benchmark_filter=^(sparse|dense) " + name],
                               check=True, capture_output=True, text=True).stdout
        for kind, ours in re.findall(rf"^(\w+) {name}s? +([\d.]+)", table, re.MULTILINE):
            ms = float(ours)
            print(f"spiketape, {kind} images: {ms:.3f} ms, {step / ms:.1f} times as fast as written, "
                  f"{hoisted_step / ms:.1f} times as fast as hoisted")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Changes one line of the library at a time and counts how many of the changes a test finds.

  python3 tests/mutation/run.py                      every change: hours
  python3 tests/mutation/run.py --sample 40          40 of them at random; --seed chooses others
  python3 tests/mutation/run.py --only step npy      the changes of some targets; --list says which there are

For each change it compiles the one program of tests that must find it. A change that does not compile does not count. The
score is the part that is found; the others are printed. Some of these change nothing that anyone could see, such as the
order of a sum or a faster way to the same bits. Needs a compiler ($CXX or g++), Eigen and Catch2.
"""

import argparse
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Of each header of include/spiketape the sources of tests/ that are compiled with it, the tests first, and what they link
# that does not know it.
TARGETS = {
    "step": ("neuron/step.hpp", ["unit/leaky_parameters.cpp", "mutation/leaky_double.cpp"],
             ["any_policies.cpp", "products.cpp"]),
    "product": ("kernels/product.hpp", ["unit/product.cpp"], []),
    "linear_product": ("kernels/linear_product.hpp", ["unit/linear.cpp", "products.cpp"], []),
    "event_products": ("kernels/event_products.hpp", ["unit/events.cpp", "products.cpp"], []),
    "events": ("kernels/events.hpp", ["unit/events.cpp", "products.cpp"], []),
    "active_columns": ("kernels/active_columns.hpp", ["unit/active_columns.cpp", "products.cpp"], []),
    "idx": ("data/idx.hpp", ["unit/idx.cpp"], []),
    "npy": ("io/impl/npy.hpp", ["unit/npy.cpp"], []),
    "json": ("io/json.hpp", ["unit/safetensors.cpp"], []),
    "safetensors": ("io/impl/safetensors.hpp", ["unit/safetensors.cpp"], []),
    "npz": ("io/npz.hpp", ["unit/npz.cpp"], []),
}

# What stands in code, and in its place.
SWAPS = {" + ": " - ", " - ": " + ", " * ": " / ", " / ": " * ", " += ": " -= ", " -= ": " += ", " < ": " <= ",
         " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ", " && ": " || ", " || ": " && ",
         "true": "false", "false": "true", "std::min": "std::max", "std::max": "std::min"}
PLACE = re.compile("|".join(r"\b" + s + r"\b" if s[0] != " " else re.escape(s) for s in SWAPS))
NUMBER = re.compile(r"(?<![\w.:<{'])[0-9]+(?![\w.'])")
STATEMENT = re.compile(r"^\s+[a-z_][\w.>\[\]-]*(\(.*\)| [-+*/]?= .*);$")


def code_of(line):
    """The line with texts and comments blanked out, so that places stay."""
    line = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'', lambda m: "\0" * len(m.group()), line)
    at = line.find("//")
    return line if at < 0 else line[:at]


def changes_of(text):
    """All changes of a header: number of the line, the line that takes its place."""
    message = False  # in a static_assert, whose failure is the compiler's
    for number, line in enumerate(text.split("\n")):
        code = code_of(line)
        message = message or "static_assert" in code
        skip = message or not line.startswith("  ") or re.match(r"\s*(using|template|requires|concept|public|#)\b", code)
        if ";" in code:
            message = False
        if skip:
            continue
        for found in PLACE.finditer(code):
            yield number, line[:found.start()] + SWAPS[found.group()] + line[found.end():]
        for found in NUMBER.finditer(code):
            yield number, line[:found.start()] + str(int(found.group()) + 1) + line[found.end():]
        if STATEMENT.match(code):
            yield number, "  ;"


class Program:
    def __init__(self, folder):
        self.folder = folder
        self.include = folder / "include"
        shutil.copytree(ROOT / "include", self.include)
        eigen = subprocess.run(["pkg-config", "--cflags", "eigen3"], capture_output=True, text=True).stdout
        self.compiler = shlex.split(os.environ.get("CXX", "g++")) + [
            "-std=c++20", "-O0", "-w", f"-I{self.include}", f"-I{ROOT}/tests", "-DSPIKETAPE_TEST_ZLIB",
            f'-DSPIKETAPE_EXAMPLE_DATA="{ROOT}/examples/data"', *shlex.split(eigen)]
        self.main = ["-lCatch2Main", "-lCatch2"]  # version 3
        if not subprocess.run([*self.compiler, "-c", ROOT / "tests/main.cpp", "-o", folder / "main.o"],
                              capture_output=True).returncode:
            self.main = [folder / "main.o"]

    def run(self, target):
        """passes, fails, or does not compile."""
        program = self.folder / "program"
        program.unlink(missing_ok=True)
        files = [ROOT / "tests" / source for source in target[1]]
        for source in target[2]:
            files.append(self.folder / f"{source}.o")
            if not files[-1].exists():
                subprocess.run([*self.compiler, "-c", ROOT / "tests" / source, "-o", files[-1]], check=True)
        compiled = subprocess.run([*self.compiler, *files, *self.main, "-lz", "-o", program], capture_output=True, text=True)
        if compiled.returncode:
            self.said = compiled.stderr
            return "does not compile"
        try:
            ran = subprocess.run([program], capture_output=True, timeout=300, cwd=self.folder)
        except subprocess.TimeoutExpired:
            return "fails"
        self.said = ran.stdout.decode(errors="replace")
        return "fails" if ran.returncode else "passes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()

    changes = []
    for name in options.only:
        path = ROOT / "include/spiketape" / TARGETS[name][0]
        of_target = [(name, *change) for change in changes_of(path.read_text())]
        if options.list:
            print(f"{name}: {len(of_target)} changes of {TARGETS[name][0]}, {TARGETS[name][1][0]} must find them")
        changes += of_target
    if options.list:
        return
    if options.sample:
        changes = sorted(random.Random(options.seed).sample(changes, min(options.sample, len(changes))))

    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        program = Program(pathlib.Path(folder))
        for name in sorted({change[0] for change in changes}):
            if program.run(TARGETS[name]) != "passes":
                sys.exit(f"{name}: its test fails without a change\n{program.said[-2000:]}")
        for name, number, line in changes:
            header = TARGETS[name][0]
            path = program.include / "spiketape" / header
            text = path.read_text()
            lines = text.split("\n")
            before, lines[number] = lines[number], line
            path.write_text("\n".join(lines))
            outcome = program.run(TARGETS[name])
            path.write_text(text)
            count = counts.setdefault(name, {"fails": 0, "passes": 0, "does not compile": 0})
            count[outcome] += 1
            if outcome == "passes":
                print(f"not found: {header}:{number + 1}\n  - {before.strip()}\n  + {line.strip()}", flush=True)
    found = sum(count["fails"] for count in counts.values())
    missed = sum(count["passes"] for count in counts.values())
    for name, count in counts.items():
        print(f"{name}: found {count['fails']} of {count['fails'] + count['passes']}")
    print(f"score: {found} of {found + missed} changes found, {100 * found / max(found + missed, 1):.0f} %")


if __name__ == "__main__":
    main()

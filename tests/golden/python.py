"""Reads what the tests of state_dicts save, by the description of the format, and compares it with the files they
were loaded from. Where Python has torch and safetensors, these read both, too.

    python3 python.py GOLDEN_TESTS_PROGRAM FOLDER_OF_GOLDEN_FILES
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

SIZES = {"F64": 8, "I64": 8, "F32": 4}


def read(path):
    """The tensors of a file: name to (dtype, shape, bytes), and its texts."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0, "data begins at a multiple of 8"
    header = json.loads(data[8 : 8 + length].decode("utf-8"))
    data = data[8 + length :]
    texts = header.pop("__metadata__", {})
    assert all(isinstance(text, str) for text in texts.values())
    at = 0
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        size = SIZES[entry["dtype"]]
        assert begin == at and begin % size == 0, name
        count = 1
        for extent in entry["shape"]:
            count *= extent
        assert end - begin == count * size, name
        tensors[name] = (entry["dtype"], entry["shape"], data[begin:end])
        at = end
    assert at == len(data), "nothing stands behind the tensors"
    return tensors, texts


def with_torch():
    try:
        from safetensors.torch import load_file
    except ImportError:
        return None
    return load_file


program, golden = sys.argv[1], pathlib.Path(sys.argv[2])
load_file = with_torch()
compared = 0
with tempfile.TemporaryDirectory() as folder:
    run = subprocess.run([program, "-#", "[#state_dict_double],[#state_dict_float]"], stdout=subprocess.PIPE,
                         env={**os.environ, "SPIKETAPE_STATE_DICTS": folder})
    assert run.returncode == 0, run.stdout.decode()
    for path in sorted(pathlib.Path(folder).iterdir()):
        network, prefix, _ = path.name.split(".")
        theirs, _ = read(golden / (network + ".safetensors"))
        ours, texts = read(path)
        expected = {name[len(prefix) + 1 :]: tensor for name, tensor in theirs.items()
                    if name.startswith(prefix + ".")}
        assert ours == expected, f"{path.name} differs from what was loaded"
        assert texts["format"] == "pt" and texts["spiketape.state_dict"] == "1"
        if load_file is not None:
            both = load_file(str(path)), load_file(str(golden / (network + ".safetensors")))
            assert all(bool((tensor == both[1][prefix + "." + name]).all()) for name, tensor in both[0].items())
        compared += len(ours)
assert compared >= 80, "too few tensors"
print(f"{compared} tensors are those of Python", "(read by safetensors, too)" if load_file else "")

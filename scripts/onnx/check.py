"""check.py FOLDER: runs the graphs score.onnx and sample.onnx of each subfolder on the arrays of its
in.npz, and scores what was drawn; out.npz gets the results. ONNX's own checker has looked at them first."""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort


def session(path):
    onnx.checker.check_model(str(path), full_check=True)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(s, **inputs):
    """The outputs by name; an input has as many of the given columns as the graph takes."""
    feed = {i.name: inputs[i.name][:, : i.shape[1]] for i in s.get_inputs()}
    names = [o.name for o in s.get_outputs()]
    return dict(zip(names, s.run(names, feed)))


for case in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    given = np.load(case / "in.npz")
    score, sample = session(case / "score.onnx"), session(case / "sample.onnx")
    out = run(score, x=given["x"])
    drawn = run(sample, **{name: given[name] for name in ("z", "u", "context")})["x"]
    drawn = np.hstack([drawn, given["context"]])
    again = run(score, x=drawn)
    for few in (0, 1):  # rows
        assert len(run(score, x=drawn[:few])["log_prob"]) == few
    np.savez(case / "out.npz", drawn=drawn, **out, **{"drawn_" + name: v for name, v in again.items()})

"""Chapter 18's record is what its cells give here and now (`make test-frameworks`)."""

from importlib.util import find_spec

import numpy as np
import pytest

for name in ("torch", "optax", "jax", "keras"):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: make test-frameworks", allow_module_level=True)

import record_fits


def test_the_recorded_fits_are_the_live_ones():
    live = record_fits.live()
    with np.load(record_fits.FITS) as kept:
        assert kept.keys() == live.keys(), "run tests/record_fits.py"
        assert kept["arguments"].tolist() == live.pop("arguments").tolist()
        apart = {name: float(np.abs(kept[name] - found).max()) for name, found in live.items()}
    assert {name: gap for name, gap in apart.items() if gap > 1e-12} == {}

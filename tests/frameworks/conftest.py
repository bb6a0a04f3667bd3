"""What a test sets in PyTorch ends with it: chapter 18's cells, which one of them runs, change the default type."""

import pytest


@pytest.fixture(autouse=True)
def _default_type():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)

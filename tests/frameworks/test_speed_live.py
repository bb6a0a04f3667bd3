"""What chapter 20 says of the frameworks and has no cell for (`make test-frameworks`)."""

import os
from importlib.util import find_spec

import numpy as np
import pytest

for name in ("torch", "optax", "jax", "keras"):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: make test-frameworks", allow_module_level=True)

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.mark.parametrize(("drop", "each", "seen"), [(False, 5, 18), (True, 4, 16)])
def test_pytorchs_shards_are_equal_and_repeat_examples_or_leave_some_out(drop, each, seen):
    from torch.utils.data.distributed import DistributedSampler

    ranks = [
        [*DistributedSampler(range(18), num_replicas=4, rank=rank, shuffle=False, drop_last=drop)]
        for rank in range(4)
    ]
    assert [*map(len, ranks)] == [each] * 4
    assert len(set(np.concatenate(ranks).tolist())) == seen


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # PyTorch's own
def test_the_practice_table_names_what_there_is():
    import jax
    import keras
    import torch
    from torch.distributed.algorithms.model_averaging import averagers
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.optim import PostLocalSGDOptimizer, ZeroRedundancyOptimizer

    assert fully_shard and PostLocalSGDOptimizer and ZeroRedundancyOptimizer and averagers
    assert torch.compile and torch.autocast and torch.nn.parallel.DistributedDataParallel
    assert jax.jit and jax.sharding.NamedSharding and keras.distribution.DataParallel
    assert keras.mixed_precision.DTypePolicy("mixed_bfloat16").compute_dtype == "bfloat16"

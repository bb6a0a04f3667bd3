"""The race that grows by a method a chapter: what `figures/growing_race.py` recorded, as labelled arrays.

One small network learns the digits by every method of the book so far, each at its best by the protocol of
chapter 13: chosen among 60 settings by three seeds, shown with five others.

>>> race = so_far("04")
>>> list(race), dict(race["nesterov"].loss.sizes)
(['gd', 'momentum', 'nesterov'], {'seed': 5, 'step': 31})
"""

import json
import re
from pathlib import Path

import xarray as xr

RECORD = Path(__file__).parents[1] / "figures" / "growing_race.json"


def so_far(chapter: str) -> dict[str, xr.Dataset]:
    """The methods up to a chapter, "01" to "13": their loss on digits that nobody learnt from, (seed, step).

    The attributes have the setting that was chosen, and the chapter.

    Raises
    ------
    ValueError
        When `chapter` is not a chapter's number of two digits.
    """
    if not isinstance(chapter, str) or not re.fullmatch(r"\d\d", chapter):
        raise ValueError(f'chapter is {chapter!r}; give its number in two digits, such as "04"')
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    return {
        name: xr.Dataset(
            {"loss": (("seed", "step"), entry["loss"])},
            coords={"step": kept["steps"]},
            attrs={"setting": entry["setting"], "chapter": entry["chapter"]},
        )
        for name, entry in kept["methods"].items()
        if entry["chapter"] <= chapter
    }

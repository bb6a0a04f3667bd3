"""In a notebook of exercises, a check that fails says what is wrong, and nothing else.

`brief()` stands in the first cell. Otherwise Jupyter prints the way to the error, a page of the check's code,
before the one sentence that helps.
"""

from types import TracebackType
from typing import Any

from IPython import get_ipython


def brief() -> None:
    """From here on in this notebook, an assertion that fails with a message shows that message alone.

    Outside a notebook it does nothing.

    >>> brief()
    """
    shell = get_ipython()

    def show(
        shell: Any,
        kind: type[AssertionError],
        error: AssertionError,
        way: TracebackType,
        tb_offset: int | None,
    ) -> None:
        if str(error):
            shell._showtraceback(kind, error, [str(error)])
        else:
            shell.showtraceback((kind, error, way), tb_offset=tb_offset)

    if shell is not None:
        shell.set_custom_exc((AssertionError,), show)

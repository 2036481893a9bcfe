"""Objects of libraries that take long to import, told without importing them."""

from __future__ import annotations

import sys


def is_of_library(thing: object, module: str, *names: str) -> bool:
    """Tell whether something is an instance of a library's class.

    An instance cannot be there before its class is, and that not before its module is imported. So
    where the module is not, the answer is no, and whoever only asks need not wait for an import.

    Parameters
    ----------
    thing
        Whatever is asked about.
    module
        Full name of the module that has the class, such as ``dask.array``.
    names
        Of the classes, one of which is enough.
    """
    loaded = sys.modules.get(module)
    # A name may be missing while another thread is still importing the module.
    return isinstance(thing, tuple(getattr(loaded, name, ()) for name in names))

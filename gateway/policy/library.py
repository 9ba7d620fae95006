"""The CEL library without its command line, which it imports by itself.

The command line brings a terminal toolkit, a highlighter and an argument parser: 250 modules, a
fifth of what a cold start loads, and nothing of it is used here.
"""

import sys
from types import ModuleType
from typing import Final

_COMMAND_LINE: Final = "cel.cli"

if "cel" not in sys.modules:
    # The name is taken while the package is loaded, so that its import finds nothing to do.
    sys.modules[_COMMAND_LINE] = ModuleType(_COMMAND_LINE)
    try:
        import cel
    finally:
        del sys.modules[_COMMAND_LINE]
else:
    import cel

__all__ = ["cel"]

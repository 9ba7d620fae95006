"""Entry point of `pulumi up`."""

import sys
from pathlib import Path

# Pulumi runs this folder; the program is a package of the checkout, and reads gateway.settings.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra.program import provision

provision()

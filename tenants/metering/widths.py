"""How long words may be that are kept with readings: the widths of their columns; pure."""

from __future__ import annotations

LONGEST_NAME = 254
LONGEST_NOTE = 200

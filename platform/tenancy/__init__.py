"""The retailers hosted here, and the four walls between them (docs/decisions/0003-four-walls.md)."""

"""Market packs: everything a market requires, as data. The rest of the platform asks for it here."""

from markets.packs import Pack, codes, pack
from markets.resources import resources

__all__ = ["Pack", "codes", "pack", "resources"]

"""The re-bill queue: bills that late or corrected data touches, reversed and billed again with a trace."""

"""The arithmetic of registers, pure (docs/algorithms/registers.md)."""

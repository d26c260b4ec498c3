"""Changes of prepayment."""

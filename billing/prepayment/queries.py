"""Reads of prepayment."""

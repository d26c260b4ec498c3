"""Reads of accruals."""

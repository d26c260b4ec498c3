"""Changes of accruals."""

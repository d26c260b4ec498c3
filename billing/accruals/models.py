"""Energy supplied and not yet billed: rated up to a day, for the books, for prepayment and for forecasts."""

"""Changes of corrections."""

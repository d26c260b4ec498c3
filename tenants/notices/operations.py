"""Changes of notices."""

"""Changes of service."""

"""Changes of arrears."""

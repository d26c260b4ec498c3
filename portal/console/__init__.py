"""The staff's door: dense, quick, and every number leads to what it is made of."""

"""Two believable companies, made by the same operations that staff and programs use. Every figure is reproducible."""

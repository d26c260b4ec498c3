"""Charges and credits that are no energy: fees, add-ons, points, programme credits, each with its source."""

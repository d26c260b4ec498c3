"""The pages of the customer portal, one module for each part."""

"""Money that comes in and goes back: providers, bank statements, cash, allocation, refunds."""

"""Bills that are overdue: late fees, dunning, promises, instalments, deposits, disconnection, write-off."""

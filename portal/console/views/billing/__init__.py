"""Pages around the runs: what waits for a person, cycles and lots, held accounts, charges."""

"""What the company holds of people: for how long, at whose wish it is given out or removed, and the proof of it."""

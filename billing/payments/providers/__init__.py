"""Payment providers behind one interface: what is asked of them, what they tell, and what follows in the books."""

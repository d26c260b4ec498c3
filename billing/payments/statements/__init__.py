"""Files of banks and agents, read into plain rows; nothing here knows the database."""

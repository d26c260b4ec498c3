"""What is sent to people: messages by mail and other channels, from templates, with what became of each."""

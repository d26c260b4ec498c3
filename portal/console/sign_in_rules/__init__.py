"""Who else comes in, and how: visits of the host's support, and the company's own sign-in service."""

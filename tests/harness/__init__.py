"""What the tests stand on: databases cloned from a template, a standing cast, served programs."""

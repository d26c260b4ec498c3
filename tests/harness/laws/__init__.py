"""The laws of reliability, each as a function that tries it at any size and returns what it found."""

"""What an operator is shown of a running server: who is in trouble, what became of whom, and how fast it all goes."""

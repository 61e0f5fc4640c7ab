"""What `toro` does with a server from a terminal: a file for each command, and what they print with."""

"""What the gateway talks about: values and rules without I/O, standard library only."""

"""Several processes and machines: who does what only one may do, and who hears of what has changed."""

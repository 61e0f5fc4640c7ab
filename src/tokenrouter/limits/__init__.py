"""Where the counters of limits live."""

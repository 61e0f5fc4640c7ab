"""Moving in from other gateways: each source is read into one value, and one writer puts that into our store."""

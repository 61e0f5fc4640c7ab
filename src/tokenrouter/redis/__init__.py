"""Speaking to a Redis or Valkey server: its address, one connection, scripts."""

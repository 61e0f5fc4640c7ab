"""Where answers lie that may be given again: in a process's memory, or on a Redis or Valkey server."""

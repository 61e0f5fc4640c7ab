"""Configuration: flags, environment, `.env` and file, read once into one frozen `Settings`."""

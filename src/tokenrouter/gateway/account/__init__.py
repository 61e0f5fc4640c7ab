"""What lies in a provider's account: files and batches, and whose they are."""

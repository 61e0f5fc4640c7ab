"""What each way of choosing among targets is worth, found by simulation."""

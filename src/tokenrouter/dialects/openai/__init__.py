"""What OpenAI's operations have in common, and those that are relayed only."""

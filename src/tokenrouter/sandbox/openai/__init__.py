"""OpenAI and Azure OpenAI, but for Responses."""

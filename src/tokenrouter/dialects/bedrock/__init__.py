"""Amazon Bedrock's Converse, for providers only."""

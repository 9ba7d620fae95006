"""What an instance keeps of the outside world, and how old it may be: keys, tokens, lists."""

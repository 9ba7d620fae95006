"""What agents are shown: answers made, and large ones kept for a while, with ports around them."""

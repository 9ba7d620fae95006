"""What a text says by itself: recognisers in one scan; names, places and times in prose."""

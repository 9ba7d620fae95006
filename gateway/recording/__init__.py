"""Making evidence durable: the journal of this process, the sweeper, the counter."""

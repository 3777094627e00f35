"""What rules about the order of events follow: the states of a region, and how events change them."""

"""Programs that nobody wrote: the linter's verdict on them has to be what happens when they run."""

"""Model Districts: an open directory of US school districts that use the community school strategy."""

import gc

# By default Python looks for circles of garbage after every 700 new objects, which takes a sixth of
# a start and a twentieth of a page that is not in memory. There are few circles here.
gc.set_threshold(10_000)

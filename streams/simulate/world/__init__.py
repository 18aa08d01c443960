"""A made-up world: vehicles with homes on a network of roads, cameras that misread, and the truth about it.

`streams.simulate.world.world.made` is the whole way on one page. Columns are numpy arrays, one row a vehicle,
passage or read; texts are rows of ASCII bytes (uint8) with zeros behind the last character.
"""

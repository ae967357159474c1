"""Where things are: a model package opened for reading, and the queries on it."""

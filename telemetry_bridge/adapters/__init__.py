"""One module for each way of talking with devices."""

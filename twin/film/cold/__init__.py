"""The film's third tier: Parquet files by day, in a folder or an S3-compatible store."""

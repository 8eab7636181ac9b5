"""The audit: a chain of records that are durable before anything is answered."""

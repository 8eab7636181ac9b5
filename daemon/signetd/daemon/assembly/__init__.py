"""Makes the daemon's objects, subject by subject; each part is made from those before it."""

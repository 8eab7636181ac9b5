"""The life of electronic seals (电子印章): who may do what with one, and what is kept of it."""

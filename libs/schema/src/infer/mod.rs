//! A schema from a sample: every value seen widens what its field must hold.

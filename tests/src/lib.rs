//! The tests of the whole system are in `it/`; there is nothing else here.
